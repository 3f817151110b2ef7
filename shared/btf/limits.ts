/**
 * The bounds within which any input is handled. The kernel's own: BTF_MAX_SIZE 16 MiB for BPF_BTF_LOAD
 * (vmlinux is exempt), MAX_RESOLVE_DEPTH 32 (kernel/bpf/btf.c).
 */
export interface BtfLimits {
  /** Largest file, in bytes. */
  readonly inputBytes: number;
  /** Longest chain of types followed in one go, and deepest nesting of structs. */
  readonly resolveDepth: number;
  /** Most nodes one rendering (a layout, a printed type) may hold. */
  readonly nodes: number;
  /** Longest text of one declaration, in characters. */
  readonly declarationText: number;
  /** Longest chain of split BTFs: vmlinux <- module <- module.inline is 3. */
  readonly chainDepth: number;
}

export const defaultBtfLimits: BtfLimits = {
  inputBytes: 64 * 1024 * 1024,
  resolveDepth: 32,
  nodes: 20_000,
  declarationText: 16_384,
  chainDepth: 8,
};
