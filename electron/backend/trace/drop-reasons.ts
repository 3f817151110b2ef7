import type { KernelTypes } from '../target/kernel-types.ts';

const PREFIX = /^SKB_(?:DROP_REASON_)?/;
/** Subsystems number their own in the high 16 bits (include/net/dropreason.h): `enum mac80211_drop_reason`, … */
const SUBSYSTEM_ENUM = /_drop_reasons?$/;

const KNOWN = new WeakMap<KernelTypes, ReadonlyMap<number, string>>();

/**
 * Names of drop reasons by number, as this kernel numbers them: enum skb_drop_reason without its prefix, and the
 * subsystems' own with their names. Empty for a kernel without drop reasons (before 5.17).
 */
export function dropReasons(types: KernelTypes): ReadonlyMap<number, string> {
  const known = KNOWN.get(types);
  if (known !== undefined) return known;
  const names = new Map<number, string>();
  for (const { btf } of types.modules)
    for (let id = btf.startId; id < btf.typeCount; id++) {
      if (btf.kind(id) !== 'enum' || !SUBSYSTEM_ENUM.test(btf.name(id))) continue;
      const type = btf.type(id);
      if (type.kind !== 'enum') continue;
      const core = type.name === 'skb_drop_reason';
      for (const { name, value } of type.values) {
        const number = value >>> 0;
        if (core || (number > 0xffff && !names.has(number)))
          names.set(number, core ? name.replace(PREFIX, '') : name);
      }
    }
  KNOWN.set(types, names);
  return names;
}
