import { readSetting, writeSetting } from './settings.ts';
import type { SettingName } from './settings.ts';

const RECENT = 40;
const FAVOURITES = 500;

/**
 * Functions the user marked and functions that were probed, by name (`module:name` outside the kernel proper), newest
 * first, for all targets together: kept by the browser, told to nobody.
 */
class RememberedFunctions {
  favourites = $state.raw(read('favourite-functions'));
  recent = $state.raw(read('recent-functions'));
  readonly #marked = $derived(new Set(this.favourites));

  isFavourite(name: string): boolean {
    return this.#marked.has(name);
  }

  toggleFavourite(name: string): void {
    const others = this.favourites.filter((one) => one !== name);
    this.favourites = this.isFavourite(name) ? others : [name, ...others].slice(0, FAVOURITES);
    writeSetting('favourite-functions', JSON.stringify(this.favourites));
  }

  probed(name: string): void {
    this.recent = [name, ...this.recent.filter((one) => one !== name)].slice(0, RECENT);
    writeSetting('recent-functions', JSON.stringify(this.recent));
  }

  /** What the browser's storage holds now. */
  reload(): void {
    this.favourites = read('favourite-functions');
    this.recent = read('recent-functions');
  }
}

function read(setting: SettingName): readonly string[] {
  try {
    const value: unknown = JSON.parse(readSetting(setting) ?? '[]');
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string').slice(0, FAVOURITES) : [];
  } catch {
    return [];
  }
}

export const remembered = new RememberedFunctions();
