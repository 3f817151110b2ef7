import { fileTexts, fileTextsZhCN } from './failure-texts-files.ts';
import { traceTexts, traceTextsZhCN } from './failure-texts-trace.ts';
import { sshTexts, sshTextsZhCN } from './failure-texts-ssh.ts';

/**
 * The catalogue of everything that can go wrong, in the words its reader needs: what failed, with
 * the numbers, and what to do next. One entry a code; every code has a test that causes it.
 */
const en = {
  ...sshTexts,
  ...traceTexts,
  ...fileTexts,
  'internal-error': {
    message: 'skblens itself failed: {message}.',
    remedy: 'This is a defect of skblens. Please report it with the detail below.',
  },
  usage: { message: '{message}', remedy: 'See skblens --help.' },
  'invalid-call': {
    message: 'The call {call} was refused: {message}.',
    remedy: 'Reload the window: page and backend may be of different versions.',
  },
  'host-invalid': {
    message: '"{host}" is not a host name, alias or user@host:port.',
    remedy: 'Write it as you would for ssh: an alias of your ssh config, host, user@host or user@host:port.',
  },
  'ssh-config-unreadable': {
    message: 'The ssh config {file} cannot be read: {message}.',
    remedy: 'Check the path given with -F and its permissions.',
  },
  'ssh-config-unsupported': {
    message: '{file} line {line} sets {option} for {host}, which skblens cannot honour: {why}.',
    remedy: 'Remove the option for this host, or connect with an alias that does not set it.',
  },
  'host-not-found': {
    message: 'The name {host} has no address ({message}).',
    remedy: 'Check the spelling, your VPN and DNS, or give HostName in your ssh config.',
  },
  'connect-refused': {
    message: '{host} port {port} refused the connection.',
    remedy: 'Is sshd running there, and is it this port? Try: ssh -p {port} {host}',
  },
  'connect-timeout': {
    message: '{host} port {port} did not answer within {seconds} s.',
    remedy: 'Check the route, VPN and firewall; raise ConnectTimeout if the path is only slow.',
  },
  'connect-failed': {
    message: 'The connection to {host} port {port} failed: {message}.',
    remedy: 'Compare with: ssh -v -p {port} {host}',
  },
  'jump-loop': {
    message: '{file} line {line} sends {host} through itself: {way}.',
    remedy: 'Except the jump host from its own ProxyJump, for example: Host * !{host}',
  },
  'jump-host-failed': {
    message: 'The jump host {hop} on the way to {host} failed. {message}',
    remedy: '{remedy}',
  },
  'jump-forward-failed': {
    message: 'The jump host {hop} could not reach {host} port {port}: {message}.',
    remedy:
      'Is the name known and the port open there? sshd of the jump host must allow it (AllowTcpForwarding).',
  },
  'proxy-command-failed': {
    message: 'The ProxyCommand for {host} ended with {status}: {command}',
    remedy: 'Try the command by itself; what it said is below.',
  },
  'algorithms-unsupported': {
    message: '{file} line {line}: {option} for {host} leaves nothing that skblens speaks: {names}.',
    remedy: 'Allow one of: {known}.',
  },
  'ssh-handshake-failed': {
    message: '{host} and skblens found no common SSH algorithm: {message}.',
    remedy:
      'The server may offer only post-quantum key exchange, which the ssh2 library lacks; allow curve25519-sha256 there.',
  },
  'host-key-unknown': {
    message: 'The host key of {host} is not known: {type} {fingerprint}.',
    remedy:
      'Compare the fingerprint with the one the host shows (ssh-keygen -lf), then trust it once or save it.',
  },
  'host-key-changed': {
    message:
      'The host key of {host} has CHANGED: {file} line {line} knows {known}, the server presented {type} {fingerprint}.',
    remedy:
      'Someone may be intercepting the connection. If the host was reinstalled, remove the old key first: ssh-keygen -R {lookup}',
  },
  'host-key-revoked': {
    message: 'The host key of {host} ({type} {fingerprint}) is marked @revoked in {file} line {line}.',
    remedy: 'Do not connect. Ask whoever maintains that file.',
  },
  'identity-unreadable': {
    message: 'The key file {file} cannot be used: {message}.',
    remedy: 'Check that the file exists and is a private key in OpenSSH or PEM format.',
  },
  'identity-encrypted': {
    message: 'The key file {file} is protected by a passphrase.',
    remedy: 'Enter its passphrase when asked, or load it into your agent: ssh-add {file}',
  },
  'authentication-failed': {
    message: '{user}@{host} refused every credential offered: {offered}.',
    remedy:
      'Give a key with -i, load one into your agent (ssh-add), or correct User and IdentityFile in your ssh config.',
  },
  'connection-lost': {
    message: 'The connection to {host} was lost: {message}.',
    remedy:
      'What skblens had started there ends by itself within seconds. Reconnect when the network is back.',
  },
  'not-connected': { message: 'There is no connection {session}.', remedy: 'Connect to the host first.' },
  'channel-refused': {
    message: '{host} refused to start a command: {message}.',
    remedy:
      'sshd limits sessions per connection (MaxSessions): close other runs on this host, or raise the limit.',
  },
  'command-timeout': {
    message: 'The command "{command}" did not end within {seconds} s on {host} and was stopped.',
    remedy: 'The host may be overloaded; try again.',
  },
  'command-output-limit': {
    message: 'The command "{command}" on {host} wrote more than {limit} bytes and was stopped.',
    remedy: 'This is a safety limit of skblens; report it if the output was legitimate.',
  },
  'command-failed': {
    message: 'The command "{command}" failed on {host} with exit status {status}.',
    remedy: 'See what it printed below.',
  },
  'leash-failed': {
    message: 'The wrapper that keeps commands on {host} on a leash did not start ({message}).',
    remedy: 'The account needs a POSIX /bin/sh and dd. Nothing was started.',
  },
  'sudo-refused': {
    message: 'sudo on {host} refused: {message}.',
    remedy: 'Connect as root, or ask for a sudoers entry that allows /bin/sh for this user.',
  },
  'recording-missing': {
    message: 'The recording for the demo target is missing or damaged: {message}.',
    remedy: 'Make it again with: npm run lab -- record',
  },
  'not-recorded': {
    message: 'What "{command}" would give is not in the recording behind {host}.',
    remedy:
      'The demo target replays what was recorded on a real kernel. Connect to a host of your own for the rest.',
  },
  'port-unavailable': {
    message: 'skblens cannot listen on 127.0.0.1 port {port}: {message}.',
    remedy: 'Choose another with --port, or 0 for any free port.',
  },
  cancelled: { message: 'Cancelled.', remedy: 'Nothing was left running.' },
} as const;

export type FailureCode = keyof typeof en;

const zhCN = {
  ...sshTextsZhCN,
  ...traceTextsZhCN,
  ...fileTextsZhCN,
  'internal-error': {
    message: 'skblens 自身出错：{message}。',
    remedy: '这是 skblens 的缺陷，请连同下面的详情一起报告。',
  },
  usage: { message: '{message}', remedy: '参见 skblens --help。' },
  'invalid-call': {
    message: '调用 {call} 被拒绝：{message}。',
    remedy: '请重新加载窗口：页面与后端的版本可能不一致。',
  },
  'host-invalid': {
    message: '“{host}”不是主机名、别名或 user@host:port。',
    remedy: '写法与 ssh 相同：ssh 配置中的别名、host、user@host 或 user@host:port。',
  },
  'ssh-config-unreadable': {
    message: '无法读取 ssh 配置 {file}：{message}。',
    remedy: '检查 -F 给出的路径及其权限。',
  },
  'ssh-config-unsupported': {
    message: '{file} 第 {line} 行为 {host} 设置了 {option}，skblens 无法遵从：{why}。',
    remedy: '为该主机去掉此选项，或使用未设置它的别名连接。',
  },
  'host-not-found': {
    message: '名称 {host} 没有地址（{message}）。',
    remedy: '检查拼写、VPN 与 DNS，或在 ssh 配置中给出 HostName。',
  },
  'connect-refused': {
    message: '{host} 端口 {port} 拒绝连接。',
    remedy: '那里是否运行 sshd，端口是否正确？可试：ssh -p {port} {host}',
  },
  'connect-timeout': {
    message: '{host} 端口 {port} 在 {seconds} 秒内没有应答。',
    remedy: '检查路由、VPN 与防火墙；若只是链路慢，请调大 ConnectTimeout。',
  },
  'connect-failed': {
    message: '连接 {host} 端口 {port} 失败：{message}。',
    remedy: '可对照：ssh -v -p {port} {host}',
  },
  'jump-loop': {
    message: '{file} 第 {line} 行让 {host} 经由自身跳转：{way}。',
    remedy: '请将跳板机排除在它自己的 ProxyJump 之外，例如：Host * !{host}',
  },
  'jump-host-failed': {
    message: '前往 {host} 途中的跳板机 {hop} 失败。{message}',
    remedy: '{remedy}',
  },
  'jump-forward-failed': {
    message: '跳板机 {hop} 无法到达 {host} 端口 {port}：{message}。',
    remedy: '那里能解析该名称、端口是否开放？跳板机的 sshd 必须允许转发（AllowTcpForwarding）。',
  },
  'proxy-command-failed': {
    message: '{host} 的 ProxyCommand 以 {status} 结束：{command}',
    remedy: '请单独运行该命令；下面是它的输出。',
  },
  'algorithms-unsupported': {
    message: '{file} 第 {line} 行：{host} 的 {option} 没有留下 skblens 支持的算法：{names}。',
    remedy: '请允许其中之一：{known}。',
  },
  'ssh-handshake-failed': {
    message: '{host} 与 skblens 没有共同的 SSH 算法：{message}。',
    remedy: '服务器可能只提供后量子密钥交换，而 ssh2 库不支持；请在服务器上允许 curve25519-sha256。',
  },
  'host-key-unknown': {
    message: '{host} 的主机密钥未知：{type} {fingerprint}。',
    remedy: '请与主机显示的指纹（ssh-keygen -lf）核对，再选择信任一次或保存。',
  },
  'host-key-changed': {
    message:
      '{host} 的主机密钥已改变：{file} 第 {line} 行记录的是 {known}，服务器出示的是 {type} {fingerprint}。',
    remedy: '连接可能被人截取。若主机确已重装，请先删除旧密钥：ssh-keygen -R {lookup}',
  },
  'host-key-revoked': {
    message: '{host} 的主机密钥（{type} {fingerprint}）在 {file} 第 {line} 行被标记为 @revoked。',
    remedy: '不要连接。请询问该文件的维护者。',
  },
  'identity-unreadable': {
    message: '密钥文件 {file} 无法使用：{message}。',
    remedy: '检查文件是否存在，且为 OpenSSH 或 PEM 格式的私钥。',
  },
  'identity-encrypted': {
    message: '密钥文件 {file} 受口令保护。',
    remedy: '按提示输入口令，或将其载入代理：ssh-add {file}',
  },
  'authentication-failed': {
    message: '{user}@{host} 拒绝了所有凭据：{offered}。',
    remedy: '用 -i 指定密钥，将密钥载入代理（ssh-add），或更正 ssh 配置中的 User 与 IdentityFile。',
  },
  'connection-lost': {
    message: '与 {host} 的连接中断：{message}。',
    remedy: 'skblens 在那里启动的一切会在数秒内自行结束。网络恢复后请重新连接。',
  },
  'not-connected': { message: '没有连接 {session}。', remedy: '请先连接主机。' },
  'channel-refused': {
    message: '{host} 拒绝启动命令：{message}。',
    remedy: 'sshd 限制了每个连接的会话数（MaxSessions）：关闭此主机上的其他运行，或提高限制。',
  },
  'command-timeout': {
    message: '命令“{command}”在 {host} 上未能在 {seconds} 秒内结束，已被停止。',
    remedy: '主机可能过载；请重试。',
  },
  'command-output-limit': {
    message: '命令“{command}”在 {host} 上输出超过 {limit} 字节，已被停止。',
    remedy: '这是 skblens 的安全限制；若输出合理请报告。',
  },
  'command-failed': {
    message: '命令“{command}”在 {host} 上失败，退出状态 {status}。',
    remedy: '下面是它的输出。',
  },
  'leash-failed': {
    message: '在 {host} 上约束命令的包装脚本未能启动（{message}）。',
    remedy: '该账户需要 POSIX /bin/sh 和 dd。没有启动任何东西。',
  },
  'sudo-refused': {
    message: '{host} 上的 sudo 拒绝：{message}。',
    remedy: '以 root 连接，或申请允许该用户运行 /bin/sh 的 sudoers 条目。',
  },
  'recording-missing': {
    message: '演示目标的录制缺失或损坏：{message}。',
    remedy: '请重新录制：npm run lab -- record',
  },
  'not-recorded': {
    message: '{host} 背后的录制中没有“{command}”的结果。',
    remedy: '演示目标只重放在真实内核上录制的内容。其余请连接你自己的主机。',
  },
  'port-unavailable': {
    message: 'skblens 无法监听 127.0.0.1 端口 {port}：{message}。',
    remedy: '用 --port 另选端口，或用 0 表示任意空闲端口。',
  },
  cancelled: { message: '已取消。', remedy: '没有留下任何运行中的东西。' },
} satisfies Record<FailureCode, { message: string; remedy: string }>;

export const failureTexts: Record<
  'en' | 'zh-CN',
  Record<FailureCode, { readonly message: string; readonly remedy: string }>
> = { en, 'zh-CN': zhCN };
