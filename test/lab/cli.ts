import { spawn } from 'node:child_process';
import { parseLabArguments, USAGE, type LabCommand } from './arguments.ts';
import { breakGuest, fixGuest, type BreakResult } from './break.ts';
import { FAULT_CASES, faultCase } from './cases.ts';
import { LabFailure, progressToStderr } from './failure.ts';
import { downGuest, readSshConfig, upGuest, useGuest } from './guest.ts';
import { GUEST_NAMES } from './guest-names.ts';
import { ensureImage, findImage } from './image.ts';
import { requireTools } from './commands.ts';
import { endedByItself, findMachine } from './machine.ts';
import { labPaths } from './paths.ts';
import { recordGuest } from './record.ts';
import { endAbandonedLabs } from './private-lab.ts';

/**
 * The lab's command line: runs the command of `words` and returns the exit status (0 done, 1 failure, 2 usage;
 * of `ssh` the status of ssh). Results go to stdout, progress and failures to stderr.
 */
async function main(words: readonly string[]): Promise<number> {
  try {
    return await runLabCommand(parseLabArguments(words));
  } catch (error) {
    if (!(error instanceof LabFailure)) throw error;
    process.stderr.write(`lab: ${error.message}\n`);
    if (error.remedy !== '') process.stderr.write(`${error.remedy}\n`);
    return error.code === 'usage' ? 2 : 1;
  }
}

async function runLabCommand(command: LabCommand): Promise<number> {
  const paths = labPaths();
  switch (command.kind) {
    case 'help':
      print(USAGE.trimEnd());
      return 0;
    case 'up':
      for (const name of command.names) {
        const { processors, memoryMegabytes, rebuild } = command;
        const guest = await upGuest(name, { processors, memoryMegabytes, rebuild });
        print(`${name}: up, 127.0.0.1:${guest.port}; npm run lab -- ssh ${name}`);
      }
      return 0;
    case 'build':
      requireTools();
      for (const name of command.names) {
        const image = await ensureImage(paths, name, progressToStderr, command.rebuild);
        print(`${name}: ${image.disk}`);
      }
      return 0;
    case 'down':
      await endAbandonedLabs(paths);
      for (const name of command.names) {
        const stopped = await downGuest(name);
        if (!stopped && command.names.length < GUEST_NAMES.length) print(`${name}: was not running`);
      }
      return 0;
    case 'ssh':
      await readSshConfig(paths);
      return await interactiveSsh(['-F', paths.sshConfig, command.alias, ...command.words]);
    case 'ssh-config':
      process.stdout.write(command.pathOnly ? `${paths.sshConfig}\n` : await readSshConfig(paths));
      return 0;
    case 'status':
      await printStatus();
      return 0;
    case 'break': {
      const guest = await useGuest(command.name);
      const { count, intervalMilliseconds } = command;
      progressToStderr(
        `${command.name}: ${command.faultCase}: ${faultCase(command.faultCase).summary}; sending …`,
      );
      printBreak(await breakGuest(guest, { case: command.faultCase, count, intervalMilliseconds }));
      return 0;
    }
    case 'fix':
      await fixGuest(await useGuest(command.name));
      print(`${command.name}: nothing of the faults is left`);
      return 0;
    case 'record':
      await recordGuest(await upGuest(command.name), command.file, progressToStderr);
      print(`${command.name}: recorded in ${command.file}`);
      return 0;
    case 'cases':
      for (const { name, summary, seenBy } of FAULT_CASES)
        print(`${name.padEnd(18)} ${seenBy.padEnd(13)} ${summary}`);
      return 0;
    default: {
      const never: never = command;
      throw new Error(`unreachable command ${JSON.stringify(never)}`);
    }
  }
}

async function printStatus(): Promise<void> {
  const paths = labPaths();
  print(`lab in ${paths.directory}`);
  for (const name of GUEST_NAMES) {
    const machine = await findMachine(paths, name);
    const image = await findImage(paths, name);
    const built = image === null ? 'no image of the current recipe' : `image ${image.hash}`;
    if (machine) {
      const { pid, port, imageHash, processors, memoryMegabytes, startedAt } = machine;
      const stale = imageHash === image?.hash ? '' : `, but runs from ${imageHash}`;
      print(
        `${name.padEnd(9)} running since ${startedAt}, pid ${pid}, 127.0.0.1:${port}, ` +
          `${processors} processor(s), ${memoryMegabytes} MB; ${built}${stale}`,
      );
    } else {
      const fallen = (await endedByItself(paths, name))
        ? ` (it ended by itself: ${paths.run(name).console})`
        : '';
      print(`${name.padEnd(9)} not running${fallen}; ${built}`);
    }
  }
}

function printBreak(result: BreakResult): void {
  print(
    `${result.case}: sent ${result.sentBad} bad and ${result.sentGood} good packets, ${result.answered} answered`,
  );
  const where =
    result.namespace === 'initial'
      ? 'the initial network namespace'
      : `network namespace ${result.namespace}`;
  print(`counters of ${where} (inode ${result.namespaceInode}):`);
  for (const [name, { before, after }] of Object.entries(result.counters)) {
    if (name === 'InHdrErrors' || before !== after)
      print(`  ${name} ${before} -> ${after} (+${after - before})`);
  }
}

async function interactiveSsh(parameters: readonly string[]): Promise<number> {
  return await new Promise((resolve, reject) => {
    const child = spawn('ssh', parameters, { stdio: 'inherit' });
    child.once('error', (error) => reject(new LabFailure('tool-missing', `ssh: ${error.message}`)));
    child.once('close', (code) => resolve(code ?? 255));
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The words after `lab`, whether this file is run itself or imported by build/bootstrap/run.mjs. */
function ownWords(): string[] {
  const words = process.argv.slice(2);
  if (words[0] === 'lab') words.shift();
  if (words[0] === '--') words.shift();
  return words;
}

process.exitCode = await main(ownWords());
