/** The version in a kernel release string, as major * 1000 + minor: 6001 for `6.1.0-56-cloud-amd64`; or null. */
export function kernelVersion(release: string | null | undefined): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})/.exec(release ?? '');
  return match === null ? null : Number(match[1]) * 1000 + Number(match[2]);
}
