import { describe, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { SecretQuestion } from '../../shared/contract/ssh-session.ts';
import { button, connectTo, openPage } from './open-page.ts';

async function ask(host: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Host' }).fill(host);
  await userEvent.keyboard('{Enter}');
}

const sudo: SecretQuestion = {
  kind: 'sudo',
  host: 'edge-01',
  user: 'ada',
  title: 'sudo',
  instruction: '',
  prompts: [{ text: '', echo: false }],
  again: false,
};

describe('a question of the server', () => {
  const dialog = () => page.getByRole('dialog', { name: 'The server asks' });

  test('shows each prompt, hides what must not be seen, and says when an answer was wrong', async () => {
    await openPage();
    await ask('asks');
    await expect.element(dialog()).toHaveTextContent('Corporate login');
    await expect.element(dialog()).toHaveTextContent('Both are needed.');
    const password = dialog().getByLabelText('Password:');
    const code = dialog().getByLabelText('Code from your device:');
    await expect.element(password).toHaveAttribute('type', 'password');
    await expect.element(code).toHaveAttribute('type', 'text');
    await expect.element(password).toHaveFocus();
    await expect.element(dialog().getByRole('alert')).not.toBeInTheDocument();
    await password.fill('wrong');
    await code.fill('123456');
    await dialog().getByRole('button', { name: 'Send' }).click();

    await expect.element(dialog().getByRole('alert')).toHaveTextContent('That one was wrong.');
    await expect.element(password).toHaveValue('');
    await expect.element(code).toHaveValue('');
    await expect.element(password).toHaveFocus();
    await userEvent.keyboard('open sesame{Tab}123456{Enter}');
    await expect.element(page.getByRole('heading', { name: 'asks', exact: true })).toBeVisible();
    await expect.element(dialog()).not.toBeInTheDocument();
    expect(document.documentElement.outerHTML).not.toContain('open sesame');
  });

  test('keeps the focus within, and is cancelled by Escape or by its button', async () => {
    await openPage();
    await ask('asks');
    await expect.element(dialog().getByLabelText('Password:')).toHaveFocus();
    const reached: (string | null)[] = [];
    for (let press = 0; press < 5; press++) {
      await userEvent.keyboard('{Tab}');
      expect(dialog().element().contains(document.activeElement)).toBe(true);
      reached.push(document.activeElement?.textContent ?? null);
    }
    expect(reached).toContain('Send');
    expect(reached).toContain('Cancel');
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByRole('alert')).toHaveTextContent('Cancelled.');
    await button('Try again').click();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await expect.element(dialog()).not.toBeInTheDocument();
    await expect.element(page.getByRole('alert')).toHaveTextContent('Cancelled.');
  });

  test('a passphrase is asked for by the name of its key', async () => {
    await openPage();
    await ask('locked');
    const passphrase = page.getByRole('dialog', { name: 'Passphrase of a key' });
    await expect.element(passphrase).toHaveTextContent('/home/me/.ssh/id_ed25519');
    await expect.element(passphrase.getByLabelText('Passphrase')).toHaveFocus();
    await userEvent.keyboard('moon{Enter}');
    await expect.element(page.getByRole('heading', { name: 'locked', exact: true })).toBeVisible();
  });
});

describe('the keychain', () => {
  const box = () => page.getByRole('checkbox', { name: 'Keep in the keychain of this machine' });

  test('is offered where the question says so, off by itself, and each time anew', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    const kept = backend.page().ask('secret', { ...sudo, session: 's1', keep: true });
    await expect.element(box()).not.toBeChecked();
    await expect.element(page.getByText('written nowhere')).toBeVisible();
    await expect.element(page.getByLabelText('Password', { exact: true })).toHaveFocus();
    await userEvent.keyboard('moon{Tab} ');
    await expect.element(box()).toBeChecked();
    await expect.element(page.getByText('Kept encrypted once it has worked')).toBeVisible();
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await kept).toEqual({ keep: ['moon'] });
    const plain = backend.page().ask('secret', { ...sudo, session: 's1', keep: true });
    await expect.element(box()).not.toBeChecked();
    await userEvent.keyboard('moon{Enter}');
    expect(await plain).toEqual(['moon']);
    const none = backend.page().ask('secret', { ...sudo, session: 's1', keep: false });
    await expect.element(page.getByRole('dialog', { name: 'Password for root' })).toBeVisible();
    await expect.element(box()).not.toBeInTheDocument();
    await userEvent.keyboard('{Escape}');
    expect(await none).toBeNull();
  });

  test('is emptied by a command, which is there while something is kept', async () => {
    const command = () => page.getByRole('option', { name: 'Forget all passwords kept in the keychain' });
    const look = async (): Promise<void> => {
      await userEvent.keyboard('{F1}');
      await userEvent.keyboard('forget');
    };
    await openPage({ kept: 2 });
    await expect.element(page.getByRole('textbox', { name: 'Host' })).toBeVisible();
    await look();
    await command().click();
    await look();
    await expect.element(page.getByRole('dialog')).toBeVisible();
    await expect.element(command()).not.toBeInTheDocument();
  });
});

describe('questions of several hosts', () => {
  test('come one after the other, and end with their own session', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    await connectTo('edge-02');
    const first = backend.page().ask('secret', { ...sudo, session: 's1' });
    const second = backend.page().ask('secret', { ...sudo, session: 's2', host: 'edge-02' });
    const third = backend.page().ask('secret', { ...sudo, session: 's2', host: 'edge-02' });
    const dialog = page.getByRole('dialog', { name: 'Password for root' });
    await expect.element(dialog).toHaveTextContent('sudo on edge-01 wants the password of ada.');
    await userEvent.keyboard('one{Enter}');
    expect(await first).toEqual(['one']);
    await expect.element(dialog).toHaveTextContent('sudo on edge-02 wants the password of ada.');
    await expect.element(dialog.getByLabelText('Password')).toHaveValue('');
    await userEvent.keyboard('two{Enter}');
    expect(await second).toEqual(['two']);
    await expect.element(dialog).toBeVisible();
    // The page's own end of that session, below the dialog.
    document.querySelector<HTMLElement>('[aria-label="Disconnect edge-02"]')?.click();
    expect(await third).toBeNull();
    await expect.element(dialog).not.toBeInTheDocument();
  });
});

describe('an unknown host key', () => {
  const dialog = () => page.getByRole('dialog', { name: 'Is this the right host?' });

  test('is shown with its fingerprint and the file that would keep it; Escape trusts nothing', async () => {
    await openPage();
    await ask('unknown');
    await expect.element(dialog()).toHaveTextContent('ssh-ed25519');
    await expect.element(dialog()).toHaveTextContent('SHA256:uNiFoq2mHk1rVw9ZxY3cTgB5sLdJpEa7Qn0tKjWl8Ry');
    await expect.element(dialog()).toHaveTextContent('/home/me/.ssh/known_hosts');
    await expect.element(dialog().getByRole('button', { name: 'Cancel' })).toHaveFocus();
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByRole('alert')).toHaveTextContent('Cancelled.');
    await expect.element(page.getByText('It ended at: Host key.')).toBeVisible();
  });

  test('is answered as the button says', async () => {
    const backend = await openPage();
    await connectTo('edge-01');
    const question = { host: 'h', type: 'ssh-rsa', fingerprint: 'SHA256:x', file: '/f', session: 's1' };
    const once = backend.page().ask('hostKey', question);
    await dialog().getByRole('button', { name: 'Trust once' }).click();
    expect(await once).toBe('once');
    const save = backend.page().ask('hostKey', question);
    await dialog().getByRole('button', { name: 'Trust and save' }).click();
    expect(await save).toBe('save');
    const cancel = backend.page().ask('hostKey', question);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    expect(await cancel).toBe('cancel');
  });
});
