/** Part of the catalogue (failure-texts.ts): authentication, privilege, and the life of a connection. */
export const sshTexts = {
  'identity-permissions': {
    message: 'The key file {file} may be read by others (mode {mode}): ssh would not use it either.',
    remedy: 'Make it yours alone: chmod 600 {file}',
  },
  'passphrase-wrong': {
    message: 'No passphrase of {tries} opened the key file {file}.',
    remedy: 'Nothing was sent to the host. Connect again, or load the key into your agent: ssh-add {file}',
  },
  'host-key-too-short': {
    message: 'The RSA host key of {host} port {port} has {bits} bits; RequiredRSASize asks for {least}.',
    remedy: 'Give the host a longer key (ssh-keygen -A after removing the old one), or another type.',
  },
  'nothing-to-offer': {
    message: 'There is nothing to offer to {user}@{host}, which takes: {accepts}.',
    remedy:
      'Give a key with -i, load one into your agent (ssh-add), or connect where a password can be asked for.',
  },
  'password-expired': {
    message: 'The password of {user} on {host} has expired: {message}.',
    remedy: 'Change it with: ssh {user}@{host} and then connect again.',
  },
  'too-many-failures': {
    message: '{host} ended the connection after too many refused credentials. Offered: {offered}.',
    remedy:
      'Name the one right key (IdentityFile with IdentitiesOnly yes), or empty your agent: ssh-add -D. Wait a while: sshd may refuse this address for a time.',
  },
  'closed-before-handshake': {
    message: '{host} port {port} took the connection and closed it before it said a word of SSH.',
    remedy:
      'sshd may be refusing this address for a while after failed logins (PerSourcePenalties), or be full (MaxStartups). Wait, and do not keep trying.',
  },
  'authentication-endless': {
    message: '{host} asked more than {rounds} rounds of questions, or more than {prompts} at once.',
    remedy: 'Compare with: ssh -v {host}',
  },
  'sudo-password-wrong': {
    message: '{program} on {host} did not accept the password.',
    remedy: 'Nothing was started. Connect again with the right password; skblens never tries one twice.',
  },
} as const;

export const sshTextsZhCN = {
  'identity-permissions': {
    message: '密钥文件 {file} 可被他人读取（权限 {mode}）：ssh 同样不会使用它。',
    remedy: '请设为仅自己可读：chmod 600 {file}',
  },
  'passphrase-wrong': {
    message: '{tries} 次口令都未能打开密钥文件 {file}。',
    remedy: '没有向主机发送任何东西。请重新连接，或将密钥载入代理：ssh-add {file}',
  },
  'host-key-too-short': {
    message: '{host} 端口 {port} 的 RSA 主机密钥只有 {bits} 位；RequiredRSASize 要求 {least} 位。',
    remedy: '请为该主机生成更长的密钥（删除旧密钥后运行 ssh-keygen -A），或换一种类型。',
  },
  'nothing-to-offer': {
    message: '没有可提供给 {user}@{host} 的凭据，它接受：{accepts}。',
    remedy: '用 -i 指定密钥，将密钥载入代理（ssh-add），或在可以询问密码的地方连接。',
  },
  'password-expired': {
    message: '{user} 在 {host} 上的密码已过期：{message}。',
    remedy: '请先用 ssh {user}@{host} 修改密码，再重新连接。',
  },
  'too-many-failures': {
    message: '{host} 在过多凭据被拒后结束了连接。已提供：{offered}。',
    remedy:
      '请指定唯一正确的密钥（IdentityFile 加 IdentitiesOnly yes），或清空代理：ssh-add -D。请稍候：sshd 可能会暂时拒绝此地址。',
  },
  'closed-before-handshake': {
    message: '{host} 端口 {port} 接受了连接，但在发出任何 SSH 数据之前就关闭了。',
    remedy:
      'sshd 可能因登录失败而暂时拒绝此地址（PerSourcePenalties），或连接数已满（MaxStartups）。请稍候，不要反复尝试。',
  },
  'authentication-endless': {
    message: '{host} 提问超过 {rounds} 轮，或一次超过 {prompts} 个问题。',
    remedy: '可对照：ssh -v {host}',
  },
  'sudo-password-wrong': {
    message: '{host} 上的 {program} 不接受该密码。',
    remedy: '没有启动任何东西。请用正确的密码重新连接；skblens 绝不把同一密码试两次。',
  },
} as const satisfies Record<keyof typeof sshTexts, { message: string; remedy: string }>;
