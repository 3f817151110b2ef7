export const capture = {
  'capture.kind': 'captures (.pcap, .pcapng)',
  'capture.label': 'Capture file',
  'capture.reading': 'Reading… {percent} %',
  'capture.packets.one': '{count} packet',
  'capture.packets.other': '{count} packets',
  'capture.more': 'the first {shown} are shown',
  'capture.expect': 'Expect',
  'capture.auto': 'what the link type claims',
  'capture.close': 'Close the file',
  'capture.problem.not-a-capture': 'This is no pcap or pcapng file.',
  'capture.problem.compressed-capture': 'The file is compressed: decompress it first.',
  'capture.problem.capture-truncated':
    'The file breaks off in the middle of a record at byte {offset}. Everything before it was read.',
  'capture.problem.capture-damaged': 'The file is damaged at byte {offset}. Everything before it was read.',
  'capture.problem.packet-too-large':
    'The packet at byte {offset} claims an absurd length. Everything before it was read.',
  'capture.problem.unknown-interface':
    'The packet at byte {offset} names an interface that the file does not describe. Everything before it was read.',
} as const;
