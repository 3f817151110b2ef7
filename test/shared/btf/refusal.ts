import { BtfError } from '../../../shared/btf/failure.ts';

/** The BtfError that `action` throws; anything else is an error of the test. */
export function refusal(action: () => unknown): BtfError {
  try {
    action();
  } catch (failure) {
    if (failure instanceof BtfError) return failure;
    throw failure;
  }
  throw new Error('expected a BtfError, nothing was thrown');
}
