import { readSetting, writeSetting } from './settings.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type ThemeName = (typeof THEMES)[number];

class Theme {
  name = $state.raw<ThemeName>(storedTheme());

  choose(name: ThemeName): void {
    this.name = name;
    writeSetting('theme', name);
    this.apply();
  }

  /** Light, dark, system, light… */
  next(): void {
    const at = THEMES.indexOf(this.name);
    this.choose(THEMES[(at + 1) % THEMES.length] ?? 'system');
  }

  apply(): void {
    document.documentElement.dataset['theme'] = this.name;
  }
}

function storedTheme(): ThemeName {
  const stored = readSetting('theme');
  return THEMES.find((name) => name === stored) ?? 'system';
}

export const theme = new Theme();
