/** Part of the catalogue (failure-texts.ts): files and programs on this machine. */
export const fileTexts = {
  'profile-invalid': {
    message: 'The investigation {file} is not valid at {path}: {message}.',
    remedy: 'Correct that field; nothing was changed.',
  },
  'profile-unreadable': {
    message: 'The investigation {file} cannot be read: {message}.',
    remedy: 'Check the path and that the file is JSON.',
  },
  'profile-name-invalid': {
    message: '"{name}" cannot be the name of an investigation.',
    remedy: 'Use 1 to 80 letters, digits, spaces, dots, dashes or underscores.',
  },
  'capture-unreadable': {
    message: '{file} cannot be read as a capture: {message}.',
    remedy: 'skblens reads pcap and pcapng files.',
  },
  'file-unreadable': {
    message: '{file} cannot be read: {message}.',
    remedy: 'Check the path and permissions.',
  },
  'file-unwritable': {
    message: '{file} cannot be written: {message}.',
    remedy: 'Check the path, free space and permissions.',
  },
  'kernel-not-kept': {
    message: 'Nothing is kept of the kernel of {host} on this machine.',
    remedy: 'Ask it once without --offline: what it says is kept.',
  },
  'tshark-missing': {
    message: 'Wireshark’s command line tool, tshark, was not found on this machine.',
    remedy: 'Install Wireshark here (Debian: apt install tshark). The target needs nothing.',
  },
  'tshark-failed': {
    message: '{program} on this machine ended with status {status} instead of a dissection.',
    remedy: 'Its own words are below. Does it work by itself: tshark -v',
  },
} as const;

export const fileTextsZhCN = {
  'profile-invalid': {
    message: '调查文件 {file} 在 {path} 处无效：{message}。',
    remedy: '请更正该字段；没有改动任何东西。',
  },
  'profile-unreadable': {
    message: '无法读取调查文件 {file}：{message}。',
    remedy: '检查路径，并确认文件是 JSON。',
  },
  'profile-name-invalid': {
    message: '“{name}”不能作为调查的名称。',
    remedy: '请使用 1 到 80 个字母、数字、空格、点、短横或下划线。',
  },
  'capture-unreadable': {
    message: '{file} 无法作为抓包文件读取：{message}。',
    remedy: 'skblens 读取 pcap 与 pcapng 文件。',
  },
  'file-unreadable': { message: '无法读取 {file}：{message}。', remedy: '检查路径与权限。' },
  'file-unwritable': { message: '无法写入 {file}：{message}。', remedy: '检查路径、剩余空间与权限。' },
  'kernel-not-kept': {
    message: '本机没有保存 {host} 的内核信息。',
    remedy: '先不带 --offline 查询一次：它的回答会被保存。',
  },
  'tshark-missing': {
    message: '本机上未找到 Wireshark 的命令行工具 tshark。',
    remedy: '请在本机安装 Wireshark（Debian：apt install tshark）。目标主机不需要任何东西。',
  },
  'tshark-failed': {
    message: '本机上的 {program} 以状态 {status} 结束，没有给出解析结果。',
    remedy: '其原文见下。它本身能运行吗：tshark -v',
  },
} as const satisfies Record<keyof typeof fileTexts, { message: string; remedy: string }>;
