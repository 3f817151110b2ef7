/** Major and minor number; what comes behind (patch, distribution) does not decide anything here. */
export interface Version {
  readonly major: number;
  readonly minor: number;
}

/** The first `N.N` of a text: `6.12.107-cloud-amd64`, `bpftrace v0.23.2`. Null when there is none. */
export function parseVersion(text: string): Version | null {
  const match = /(\d{1,4})\.(\d{1,4})/.exec(text);
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]) };
}

export function isAtLeast(version: Version, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
