import type { KernelFunctions } from '../../../electron/backend/target/kernel-functions.ts';
import type { KernelTypes } from '../../../electron/backend/target/kernel-types.ts';
import { listPoints } from '../../../electron/backend/trace/point-list.ts';
import type { BackendHandlers } from '../../../shared/contract/api.ts';
import type { FunctionDetails } from '../../../shared/contract/kernel-functions.ts';
import { Fail } from '../../../shared/contract/failure.ts';

const TRACEPOINTS = ['net:net_dev_xmit', 'net:netif_receive_skb', 'skb:consume_skb', 'skb:kfree_skb'];

/** The product's own listing, of a target with four tracepoints and none that is raw; a replay has no listing. */
export function probePoints(
  functions: KernelFunctions,
  replayed: (session: string) => boolean,
): Pick<BackendHandlers, 'probePoints' | 'tracepointFields'> {
  return {
    probePoints: async ({ kind, query, session }) => {
      if (replayed(session)) throw new Fail('not-recorded', { host: 'demo', command: 'tracepoints' });
      return listPoints(kind, query, {
        tracepoints: async () => TRACEPOINTS,
        types: async () => ({ functions, modules: [] }) as unknown as KernelTypes,
        bpftrace: { version: '0.17.0', major: 0, minor: 17 },
      });
    },
    tracepointFields: async ({ name }) => {
      if (!TRACEPOINTS.includes(name))
        throw new Fail('function-unknown', { function: name, host: 'edge-01' });
      return [
        { name: 'skbaddr', type: 'void *', offset: 8, size: 8, signed: false },
        { name: 'protocol', type: 'unsigned short', offset: 24, size: 2, signed: false },
      ];
    },
  };
}

/** What a probe on such a point is prepared from; null for what is none. */
export function pointDetails(
  name: string,
): Pick<FunctionDetails, 'name' | 'module' | 'signature' | 'parameters'> | null {
  return /^(?:(?:raw)?tracepoint|kprobe):/.test(name)
    ? { name, module: '', signature: '', parameters: [] }
    : null;
}
