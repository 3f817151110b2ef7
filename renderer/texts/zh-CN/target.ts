import type { target as en } from '../en/target.ts';

export const target: Readonly<Record<keyof typeof en, string>> = {
  'target.title': '目标',
  'target.facts': '此目标能做什么',
  'target.surveying': '正在查看目标…',
  'target.toFunctions': '浏览函数',
  'target.address': '地址',
  'target.user': '用户',
  'target.hostKey': '主机密钥',
  'target.ok': '正常',
  'target.warn': '受限',
  'target.bad': '缺失',
  'target.kernel': '内核',
  'target.btf': 'BTF',
  'target.bpftrace': 'bpftrace',
  'target.privilege': '权限',
  'target.tracefs': 'tracefs',
  'target.lockdown': 'Lockdown',
  'target.architecture': '架构',
  'target.own-traffic': '自身 SSH 流量',
  'target.remedy': '补救',
};
