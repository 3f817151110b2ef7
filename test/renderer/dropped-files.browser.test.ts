import { describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { Fail } from '../../shared/contract/failure.ts';
import { DroppedFiles } from '../../renderer/state/dropped-files.svelte.ts';
import { openPage } from './open-page.ts';

function transferOf(...files: File[]): DataTransfer {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  return transfer;
}

function drag(type: string, dataTransfer: DataTransfer): DragEvent {
  const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
  document.body.dispatchEvent(event);
  return event;
}

describe('a file that is dropped', () => {
  test('on the page is announced, and told of when nobody reads it', async () => {
    await openPage();
    const transfer = transferOf(new File(['hello'], 'notes.txt'));
    expect(drag('dragenter', transfer).defaultPrevented).toBe(true);
    await expect.element(page.getByText('Drop the file to open it')).toBeVisible();
    expect(drag('drop', transfer).defaultPrevented).toBe(true);
    await expect.element(page.getByText('Drop the file to open it')).not.toBeInTheDocument();
    const refused = page.getByRole('alert');
    await expect.element(refused).toHaveTextContent('“notes.txt” is nothing that skblens reads.');
    await refused.getByRole('button', { name: 'Dismiss' }).click();
    await expect.element(refused).not.toBeInTheDocument();
  });

  test('is no file when text is dragged', async () => {
    await openPage();
    const transfer = new DataTransfer();
    transfer.setData('text/plain', 'edge-01');
    expect(drag('dragenter', transfer).defaultPrevented).toBe(false);
    expect(drag('drop', transfer).defaultPrevented).toBe(false);
    await expect.element(page.getByRole('alert')).not.toBeInTheDocument();
  });

  test('goes to the reader who knows its content, else its ending, one after the other', async () => {
    const files = new DroppedFiles();
    const taken: string[] = [];
    const take = (kind: string) => async (file: File) => {
      taken.push(`${kind} ${file.name} begins`);
      await file.arrayBuffer();
      taken.push(`${kind} ${file.name} ends`);
    };
    files.register({ name: () => 'A', endings: ['.a'], knows: (head) => head[0] === 0x41, take: take('A') });
    const undo = files.register({
      name: () => 'B',
      endings: ['.b'],
      knows: (head) => head[0] === 0x42,
      take: take('B'),
    });
    expect(files.kinds()).toEqual(['A', 'B']);
    await files.take([new File(['B…'], 'really-b.a'), new File(['?'], 'ENDING.B'), new File([], 'empty')]);
    expect(taken).toEqual([
      'B really-b.a begins',
      'B really-b.a ends',
      'B ENDING.B begins',
      'B ENDING.B ends',
    ]);
    expect(files.refused).toEqual([{ file: 'empty', failure: null }]);
    undo();
    await files.take([new File(['B…'], 'x.b')]);
    expect(files.refused).toEqual([{ file: 'x.b', failure: null }]);
  });

  test('whose reader fails is told of, and those after it are read all the same', async () => {
    const files = new DroppedFiles();
    const taken: string[] = [];
    files.register({
      name: () => 'A',
      endings: ['.a'],
      knows: () => false,
      take: (file) => {
        if (file.name === 'bad.a') throw new Fail('cancelled');
        taken.push(file.name);
      },
    });
    await files.take([new File(['1'], 'bad.a'), new File(['2'], 'good.a')]);
    expect(taken).toEqual(['good.a']);
    expect(files.refused).toMatchObject([{ file: 'bad.a', failure: { code: 'cancelled' } }]);
  });
});
