export const device = {
  'device.title': 'Who did it?',
  'device.look': 'Look behind {device}',
  'device.again': 'Look again',
  'device.looking': 'Asking ip, tc and bpftool there, namespace by namespace…',
  'device.gone': 'There is no device {ifindex} in network namespace {netns} any more.',
  'device.programs': 'Programs',
  'device.noPrograms': 'no BPF program',
  'device.unnamed': 'without a name',
  'device.qdiscs': 'Queueing',
  'device.tunnel': 'Tunnel',
  'device.others': 'Other devices of this host that could have sent it here',
  'device.noOthers':
    'No other device has a BPF program: what wrote the frame may be a process, or another host at the far end.',
  'device.otherEnd': 'other end of this tunnel',
  'device.in': 'namespace {netns}',
  'device.looked': 'Looked into {looked} of {of} network namespaces.',
  'device.missing': 'Not there or not usable: {tools}; the answer has gaps.',
  'device.commands': 'Commands',
  'device.redirect.removed':
    'bpf_redirect from tc removes the Ethernet header before {arphrd} on kernel {kernel}; that of generic XDP never does.',
  'device.redirect.kept': 'bpf_redirect leaves the Ethernet header on before {arphrd} on kernel {kernel}.',
  'device.redirect.depends':
    'Whether bpf_redirect from tc removes the Ethernet header before {arphrd} on kernel {kernel} depends on its stable fixes; generic XDP never does.',
  'device.redirect.unknown':
    'Whether bpf_redirect removes the Ethernet header before {arphrd} on kernel {kernel} is not known.',
} as const;
