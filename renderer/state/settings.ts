/** What the page remembers between starts. A browser that forbids storage costs the memory, nothing else. */
export type SettingName =
  | 'locale'
  | 'theme'
  | 'recent-hosts'
  | 'host-marks'
  | 'panel'
  | 'colour-rules'
  | 'counter-pins'
  | 'function-tree'
  | 'favourite-functions'
  | 'recent-functions';

export function readSetting(name: SettingName): string | null {
  try {
    return localStorage.getItem(`skblens.${name}`);
  } catch {
    return null;
  }
}

export function writeSetting(name: SettingName, value: string): void {
  try {
    localStorage.setItem(`skblens.${name}`, value);
  } catch {
    // Nothing is lost but the choice itself.
  }
}
