import type { structs as en } from '../en/structs.ts';

export const structs: Readonly<Record<keyof typeof en, string>> = {
  'structs.search': '结构体名称',
  'structs.placeholder': '名称，例如 sk_buff',
  'structs.show': '显示',
  'structs.look': '查看 struct {name}',
  'structs.visited': '看过的',
  'structs.suggested': '接收路径上的',
  'structs.about': '布局来自运行内核的 BTF：无需内核源码。输入结构体名称，或从函数签名中点入。',
  'structs.loading': '正在读取 {name}…',
  'structs.size': '{bytes} 字节，{members} 个成员',
  'structs.several': '此内核有 {count} 个同名的',
  'structs.copy': '复制为 C',
  'structs.asC': 'C 形式',
  'structs.members': '成员',
  'structs.searchMembers': '搜索成员',
  'structs.offset': '偏移',
  'structs.bytes': '字节',
  'structs.bits.one': '{count} 位',
  'structs.bits.other': '{count} 位',
  'structs.member': '成员',
  'structs.type': '类型',
};
