import { z } from 'zod';
import type { EventRecord } from '../../shared/capture/record.ts';
import { checkFilter, compileDisplay } from '../../shared/filter/compile.ts';
import type { FilterNames } from '../../shared/filter/context.ts';
import { VERDICT_KINDS } from '../../shared/packet/verdict-kinds.ts';
import { readSetting, writeSetting } from './settings.ts';
import { verdictTone } from './verdict-tone.ts';
import type { VerdictTone } from './verdict-tone.ts';

export const RULE_TONES = ['good', 'bad', 'warn', 'odd', 'none'] as const satisfies readonly VerdictTone[];

const MOST_RULES = 40;
const colourRule = z.strictObject({
  /** As the user named it; null: one of ours, named after its tone. */
  name: z.string().max(60).nullable(),
  filter: z.string().max(2000),
  tone: z.enum(RULE_TONES),
});
const stored = z.array(colourRule).max(MOST_RULES);
export type ColourRule = z.infer<typeof colourRule>;

type Painter = (record: EventRecord) => VerdictTone;

/** The colours of rows: the first rule that fits. Kept on this computer. */
class ColourRules {
  rules = $state.raw<readonly ColourRule[]>(read());

  /** Whether there is room for one more. */
  readonly room = $derived(this.rules.length < MOST_RULES);

  change(at: number, change: Partial<ColourRule>): void {
    this.#set(this.rules.map((rule, index) => (index === at ? { ...rule, ...change } : rule)));
  }

  add(): void {
    if (this.room) this.#set([{ name: '', filter: '', tone: 'warn' }, ...this.rules]);
  }

  remove(at: number): void {
    this.#set(this.rules.filter((_, index) => index !== at));
  }

  move(at: number, by: -1 | 1): void {
    const rules = [...this.rules];
    const [moved] = rules.splice(at, 1);
    if (moved) rules.splice(at + by, 0, moved);
    this.#set(rules);
  }

  reset(): void {
    this.#set(DEFAULT_RULES);
  }

  /** The rules, ready for the records of a run. A rule that is blank, or names what this run has not, fits nothing. */
  painter(names: FilterNames): Painter {
    const tests = this.rules.flatMap(({ filter, tone }) => {
      const right = filter.trim() !== '' && checkFilter(filter, names) === null;
      const fits = right ? compileDisplay(filter, names) : null;
      return fits === null ? [] : [{ fits, tone }];
    });
    return (record) => tests.find(({ fits }) => fits(record))?.tone ?? 'none';
  }

  #set(rules: readonly ColourRule[]): void {
    this.rules = rules;
    writeSetting('colour-rules', JSON.stringify(rules));
  }
}

/** The colours by verdict, as rules. */
const DEFAULT_RULES: readonly ColourRule[] = (['good', 'bad', 'warn', 'odd'] as const).map((tone) => {
  const kinds = VERDICT_KINDS.filter((_, verdict) => verdictTone(verdict) === tone);
  return { name: null, filter: `verdict in {${kinds.join(', ')}}`, tone };
});

function read(): readonly ColourRule[] {
  try {
    const parsed = stored.safeParse(JSON.parse(readSetting('colour-rules') ?? 'null'));
    return parsed.success ? parsed.data : DEFAULT_RULES;
  } catch {
    return DEFAULT_RULES;
  }
}

export const colourRules = new ColourRules();
