import type { profiles as en } from '../en/profiles.ts';

export const profiles: Readonly<Record<keyof typeof en, string>> = {
  'investigations.title': '调查',
  'investigations.none': '没有已保存的调查。',
  'investigations.noneAbout': '一项调查以一个 JSON 文件保存主机、探针与你的笔记。可在“数据包”视图中保存。',
  'investigations.loading': '正在读取已保存的调查…',
  'investigations.name': '名称',
  'investigations.notes': '笔记',
  'investigations.notesPlaceholder': '看到了什么，怀疑什么',
  'investigations.host': '主机',
  'investigations.probe': '探针',
  'investigations.save': '保存调查',
  'investigations.saved': '已保存“{name}”。',
  'investigations.openAbout': '连接 {host} 并准备好探针；在你确认之前不会启动任何东西。',
  'investigations.delete': '删除“{name}”？',
  'investigations.deleteAbout': '其文件会被删除，无法撤销。',
};
