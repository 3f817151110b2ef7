import { beforeEach, describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { packBtf } from '../../renderer/state/btf-file.ts';
import { Fail } from '../../shared/contract/failure.ts';
import { elfFile } from '../shared/btf/elf-file.ts';
import { openPage } from './open-page.ts';

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
const tab = (name: string) => page.getByRole('tab', { name });
const tree = () => page.getByRole('tree', { name: 'Members' });
const row = (name: string | RegExp) => tree().getByRole('treeitem', { name });
const chosen = () => tree().getByRole('treeitem', { selected: true });

async function openStruct(name: string): Promise<void> {
  await page.getByRole('searchbox', { name: 'Struct name' }).fill(name);
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByRole('heading', { name: `struct ${name}` })).toBeVisible();
}

async function open(name = 'sk_buff'): Promise<Awaited<ReturnType<typeof openPage>>> {
  const backend = await openPage();
  await button('Open the demo investigation').click();
  await expect.element(page.getByRole('heading', { name: 'demo' })).toBeVisible();
  await button('Structs').click();
  await openStruct(name);
  return backend;
}

async function press(...keys: string[]): Promise<void> {
  for (const key of keys) await userEvent.keyboard(`{${key}}`);
}

async function focusTree(): Promise<void> {
  (document.querySelector('[role="tree"]') as HTMLElement).focus();
}

beforeEach(async () => {
  await page.viewport(1440, 900);
});

describe('the members of a struct', () => {
  test('by keys: down to a pointer, through it, and its member into the probe', async () => {
    await open();
    await focusTree();
    await userEvent.keyboard('d');
    await expect.element(chosen()).toHaveTextContent('dev struct net_device *');
    await expect.element(chosen()).toHaveAttribute('aria-expanded', 'false');
    await press('ArrowRight');
    await expect.element(row(/^→24 4 mtu/)).toBeVisible();
    await expect.element(chosen()).toHaveAttribute('aria-expanded', 'true');
    await press('ArrowRight');
    await userEvent.keyboard('m');
    await expect.element(chosen()).toHaveTextContent('mtu unsigned int');
    const bar = page.getByRole('group', { name: 'The chosen member' });
    await expect.element(bar).toHaveTextContent('skb->dev->mtu');
    await expect.element(bar).toHaveTextContent('((struct sk_buff *)args->skb)->dev->mtu');
    await expect.element(bar).toHaveTextContent('Byte 24 (0x18), 4 bytes, cacheline 0');
    await userEvent.keyboard(' ');
    const picked = button('Captured in the probe');
    await expect.element(picked).toHaveAttribute('aria-pressed', 'true');
    await picked.click();
    await expect.element(button('Capture in the probe')).toHaveAttribute('aria-pressed', 'false');
    await focusTree();
    await press('ArrowLeft', 'ArrowLeft');
    await expect.element(chosen()).toHaveAttribute('aria-expanded', 'false');
    expect(document.querySelectorAll('[role="treeitem"]').length).toBeLessThan(60);
  });

  test('holes and cachelines are drawn; hundreds of members cost few elements', async () => {
    await open();
    await expect.element(row(/hole: 44 bits/)).toBeVisible();
    await expect.element(row(/^80 4 len.*cacheline 1, from byte 64 on/)).toBeVisible();
    await expect.element(row(/pkt_type:3/)).toBeVisible();
    await openStruct('net_device');
    await expect.element(row(/reserved_0/)).toBeVisible();
    expect(document.querySelectorAll('[role="treeitem"]').length).toBeLessThan(60);
    await page.getByRole('searchbox', { name: 'Search members' }).fill('reserved_399');
    await expect.element(row(/^1684 4 reserved_399/)).toBeVisible();
    await expect.poll(() => document.querySelectorAll('[role="treeitem"]').length).toBe(1);
  });

  test('what lies at a byte is said and gone to, through what is held by value', async () => {
    await open('net_device');
    const at = page.getByLabelText('Byte', { exact: true });
    await at.fill('0x32');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText('Byte 50 is stats.tx_packets long unsigned int')).toBeVisible();
    await expect.element(chosen()).toHaveTextContent('48 8 tx_packets');
    await at.fill('31');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText('Byte 31 is in a hole of 2 bytes.')).toBeVisible();
    await expect.element(chosen()).toHaveTextContent('hole: 2 bytes');
    await at.fill('99999');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText(/Byte 99999 is behind the end/)).toBeVisible();
    await at.fill('7z');
    await expect.element(page.getByText('A byte is written 112 or 0x70.')).toBeVisible();
    await expect.element(button('What is there?')).toBeDisabled();
  });

  test('without a function that takes the struct nothing can be captured, and it says why', async () => {
    await open('config');
    await row(/flags/).click();
    await expect.element(button('Capture in the probe')).toBeDisabled();
    await expect.element(page.getByText(/takes no pointer to a struct config/)).toBeVisible();
  });

  test('Ctrl+C copies the path of the chosen member', async () => {
    await open();
    await focusTree();
    await userEvent.keyboard('l');
    const clipboardData = new DataTransfer();
    const event = new ClipboardEvent('copy', { bubbles: true, cancelable: true, clipboardData });
    document.querySelector('[role="tree"]')?.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(clipboardData.getData('text/plain')).toMatch(/^skb->l/);
  });
});

test('names that fit are told as one is typed, and gone to with arrows', async () => {
  await open('config');
  const field = page.getByRole('searchbox', { name: 'Struct name' });
  await field.fill('net_dev');
  await expect.element(page.getByText('3 names fit')).toBeVisible();
  await press('ArrowDown', 'ArrowDown');
  await expect.element(button('net_device_ops')).toHaveFocus();
  await press('ArrowUp', 'ArrowUp');
  await expect.element(field).toHaveFocus();
  await press('ArrowDown', 'Enter');
  await expect.element(page.getByRole('heading', { name: 'struct net_device' })).toBeVisible();
  await expect.element(page.getByText('3 names fit')).not.toBeInTheDocument();
  await field.fill('skbf');
  await expect.element(page.getByText('2 names fit')).toBeVisible();
  await expect.element(button('sk_buff').first()).toBeVisible();
});

describe('the other sides of a struct', () => {
  test('the map goes to the member that is pressed', async () => {
    await open();
    await tab('Map').click();
    const map = page.getByRole('group', { name: /The bytes of sk_buff/ });
    await expect.element(map.getByText('dev_scratch')).toBeVisible();
    await map.getByText('protocol').click();
    await expect.element(chosen()).toHaveTextContent('96 2 protocol');
  });

  test('who has to do with it, each a link', async () => {
    await open();
    await tab('Used by').click();
    await expect.element(page.getByRole('heading', { name: /Hold a sk_buff by value 1/ })).toBeVisible();
    await expect
      .element(page.getByRole('heading', { name: /Functions that take a sk_buff 3/ }))
      .toBeVisible();
    await button('sk_buff_head').click();
    await expect.element(page.getByRole('heading', { name: 'struct sk_buff_head' })).toBeVisible();
    await expect.element(tab('Used by')).toHaveAttribute('aria-selected', 'true');
    await openStruct('sk_buff');
    await button('ip_rcv').click();
    await expect.element(page.getByRole('heading', { name: 'ip_rcv' })).toBeVisible();
  });

  test('another of the same name, side by side', async () => {
    await open('config');
    await tab('Compare').click();
    await page.getByLabelText('Compare with').selectOptions('variant 1');
    const list = page.getByRole('listbox', { name: 'Compare' });
    await expect.element(page.getByText('8 bytes → 16 bytes · 2 lines')).toBeVisible();
    await expect.element(list.getByRole('option', { name: /^id added/ })).toBeVisible();
    await expect.element(list.getByRole('option', { name: /^flags changed 0 8 .* 8 8/ })).toBeVisible();
  });
});

/** As a raw BTF file begins: magic, version, flags, and a body that the fake backend does not read. */
const btfFile = (name: string): File => new File([Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0)], name);

function drop(...files: File[]): void {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  const init = { bubbles: true, cancelable: true, dataTransfer: transfer };
  document.body.dispatchEvent(new DragEvent('drop', init));
}

describe('a BTF file', () => {
  test('that is dropped becomes a session without a host, and something to compare with', async () => {
    const backend = await open('net_device');
    drop(btfFile('vmlinux-7.2'));
    await expect.poll(() => backend.ran.some((line) => line.startsWith('openBtf vmlinux-7.2'))).toBe(true);
    const sessions = page.getByRole('navigation', { name: 'Connected hosts' });
    await expect.element(sessions.getByRole('button', { name: 'vmlinux-7.2', exact: true })).toBeVisible();
    await button('Hosts').click();
    await expect.element(page.getByText(/A BTF file of 5,200,000 bytes, without a host/)).toBeVisible();

    await sessions.getByRole('button', { name: /^demo/ }).click();
    await button('Structs').click();
    await tab('Compare').click();
    await page.getByLabelText('Compare with').selectOptions('vmlinux-7.2');
    await expect.element(page.getByText(/1,688 bytes → 1,696 bytes/)).toBeVisible();
    await expect.element(page.getByRole('option', { name: /^lltx added/ })).toBeVisible();

    await button('Compare two kernels').click();
    await page.getByLabelText('Compare with').selectOptions('vmlinux-7.2');
    await expect.element(page.getByText('Nothing differs.')).toBeVisible();
    await page.getByText('Structs', { exact: true }).last().click();
    const changed = page.getByRole('option', { name: /struct net_device 1,688 bytes → 1,696 bytes/ });
    await changed.click();
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('heading', { name: 'struct net_device' })).toBeVisible();
    await expect.element(page.getByRole('option', { name: /^lltx added/ })).toBeVisible();
  });

  test('that is a module, dropped together with its kernel, is opened behind it', async () => {
    const backend = await open();
    const head = [0x9f, 0xeb, 1, 0, 24, 0, 0, 0];
    const kernel = new File([Uint8Array.from([...head, ...head])], 'vmlinux');
    drop(btfFile('veth'), kernel);
    const opened = (): string[] =>
      backend.ran.flatMap((line) => /^openBtf (\S+) \d+(?: (on \S+))?$/.exec(line)?.slice(1).join(' ') ?? []);
    await expect.poll(opened).toEqual(['vmlinux ', 'veth on file-vmlinux']);
  });

  test('that is damaged or too large is refused with the reason', async () => {
    await open();
    drop(btfFile('damaged.btf'));
    await expect.element(page.getByText('The BTF of damaged.btf cannot be read: too short.')).toBeVisible();
    const huge = { name: 'huge.btf', size: (64 << 20) + 1, slice: () => new Blob() } as unknown as File;
    await expect(packBtf(huge)).rejects.toMatchObject({ failure: { code: 'btf-too-large' } });
    const noise = new Uint8Array(3_100_000);
    for (let at = 0; at < noise.length; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
    const failed = await packBtf(new File([noise], 'noise.btf')).then(
      () => null,
      (error: unknown) => (error instanceof Fail ? error.failure.code : null),
    );
    expect(failed).toBe('btf-too-large');
  });

  test('is packed so that it can be unpacked', async () => {
    const text = await packBtf(btfFile('a.btf'));
    expect(text.startsWith('H4sI')).toBe(true);
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const back = new Uint8Array(await new Response(unpacked).arrayBuffer());
    expect([...back]).toEqual([0x9f, 0xeb, 1, 0, 24, 0, 0, 0]);
  });

  test('of an ELF file its .BTF section is taken, and without one it is refused', async () => {
    const vmlinux = (name: string) =>
      new File([elfFile([[name, 1, new Uint8Array([0x9f, 0xeb, 1, 0, 24, 0, 0, 0])]])], 'vmlinux');
    expect(await packBtf(vmlinux('.BTF'))).toBe(await packBtf(btfFile('a.btf')));
    await openPage();
    drop(vmlinux('.text'));
    await expect.element(page.getByText('vmlinux is an ELF file without a .BTF section.')).toBeVisible();
  });
});

describe('an array', () => {
  test('any element is told by its index: its place, its path, and what it leads to', async () => {
    await open('dropped');
    await row(/devices struct net_device/).click();
    const bar = page.getByRole('group', { name: 'The chosen member' });
    await expect.element(bar).toHaveTextContent('Byte 8 (0x8), 32 bytes');
    const element = bar.getByRole('textbox', { name: 'Element, 0 to 3' });
    await element.fill('3');
    await expect.element(bar).toHaveTextContent('dropped->devices[3]');
    await expect.element(bar).toHaveTextContent('Byte 32 (0x20), 8 bytes');
    await focusTree();
    await press('ArrowRight');
    await row(/mtu unsigned int/).click();
    await expect.element(bar).toHaveTextContent('dropped->devices[3]->mtu');
    await row(/devices\[3\]/).click();
    await element.fill('4');
    await expect.element(element).toHaveAttribute('aria-invalid', 'true');
    await expect.element(bar).toHaveTextContent('dropped->devices[3]');
    await element.fill('');
    await expect.element(element).toHaveAttribute('aria-invalid', 'false');
    await expect.element(bar).not.toHaveTextContent('devices[3]');
  });
});

test('cachelines are those of the machine, or of another that is chosen', async () => {
  await open();
  await expect.element(page.getByText(/3 cachelines/)).toBeVisible();
  await page.getByRole('combobox', { name: 'Cachelines of' }).selectOptions('128 bytes');
  await expect.element(page.getByText(/2 cachelines/)).toBeVisible();
  await expect.element(tree().getByText('cacheline 1, from byte 128 on')).toBeVisible();
});

describe('types that are no struct', () => {
  test('an enum of a member: its values, found by name; a typedef leads on', async () => {
    await open('dropped');
    await row(/reason enum skb_drop_reason/).click();
    const bar = page.getByRole('group', { name: 'The chosen member' });
    await bar.getByRole('button', { name: 'skb_drop_reason' }).click();
    await expect.element(page.getByRole('heading', { name: 'enum skb_drop_reason' })).toBeVisible();
    await expect.element(page.getByText('4 bytes · 3 values')).toBeVisible();
    await expect.element(page.getByRole('row', { name: /^3 SKB_DROP_REASON_NO_SOCKET/ })).toBeVisible();
    await page.getByRole('searchbox', { name: 'Search values' }).fill('consumed');
    await expect.poll(() => page.getByRole('row').all().length).toBe(2);

    await openStruct('dropped');
    await row(/flags gfp_t/).click();
    await bar.getByRole('button', { name: 'gfp_t' }).click();
    await expect.element(page.getByRole('heading', { name: 'typedef gfp_t' })).toBeVisible();
    await expect.element(page.getByText('typedef unsigned int gfp_t;')).toBeVisible();
  });

  test('a name that is none of all says so', async () => {
    await open();
    await page.getByRole('searchbox', { name: 'Struct name' }).fill('no_such_type');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText(/There is no struct, union, enum or typedef/)).toBeVisible();
  });
});
