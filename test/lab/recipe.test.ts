import { describe, expect, it } from 'vitest';
import { GUEST_NAMES } from './guest-names.ts';
import { labPaths } from './paths.ts';
import { recipeHash, recipeOf } from './recipe.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ skblens lab';

describe('recipeHash', () => {
  it('is the same for the same recipe', () => {
    expect(recipeHash(recipeOf('sid', KEY))).toBe(recipeHash(recipeOf('sid', KEY)));
    expect(recipeHash(recipeOf('sid', KEY))).toMatch(/^[0-9a-f]{12}$/);
  });

  it('changes with anything that the image holds', () => {
    const recipe = recipeOf('bookworm', KEY);
    const variants = [
      recipe,
      recipeOf('trixie', KEY),
      recipeOf('bookworm', KEY.replace('IJ', 'IK')),
      { ...recipe, packages: [...recipe.packages, 'vim'] },
      { ...recipe, diskMegabytes: 8192 },
      { ...recipe, mirror: 'http://mirror.invalid/debian' },
      { ...recipe, essentialScript: `${recipe.essentialScript}\n` },
      { ...recipe, customizeScript: `${recipe.customizeScript}\n` },
      { ...recipe, aptOptions: ['Acquire::Retries "3"'] },
    ];
    expect(new Set(variants.map(recipeHash)).size).toBe(variants.length);
  });
});

describe('recipeOf', () => {
  it('lets every login in by the key', () => {
    for (const name of GUEST_NAMES) {
      const script = recipeOf(name, KEY).customizeScript;
      for (const home of ['/root', '/home/sudoer', '/home/nopasswd', '/home/plain']) {
        expect(script).toContain(`cat > "$root${home}/.ssh/authorized_keys" <<'END'\n${KEY}\nEND`);
      }
    }
  });

  it('gives sudo without a password to nopasswd only, and none to plain', () => {
    const script = recipeOf('bookworm', KEY).customizeScript;
    expect(script).toContain(`'sudoer ALL=(ALL:ALL) ALL'`);
    expect(script).toContain(`'nopasswd ALL=(ALL:ALL) NOPASSWD: ALL'`);
    expect(script).not.toContain('plain ALL=');
  });
});

describe('labPaths', () => {
  it('is where the environment says', () => {
    expect(labPaths({ SKBLENS_LAB_DIR: '/lab', XDG_CACHE_HOME: '/cache' }, '/home/u').directory).toBe('/lab');
    expect(labPaths({ XDG_CACHE_HOME: '/cache' }, '/home/u').directory).toBe('/cache/skblens/lab');
    expect(labPaths({}, '/home/u').directory).toBe('/home/u/.cache/skblens/lab');
  });
});
