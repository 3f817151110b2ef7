export const cost = {
  'cost.label': 'Cost',
  'cost.ask': 'How often would it be hit?',
  'cost.asking': 'Counting for a second…',
  'cost.again': 'Count again',
  'cost.rate': 'About {rate} hits a second just now, by {from}.',
  'cost.unknown': 'No counter of the kernel’s tells how often it runs.',
  'cost.warning.scheduler': 'runs at every switch between tasks: a probe there slows the whole host.',
  'cost.warning.allocator': 'runs at every allocation: a probe there slows the whole host.',
  'cost.warning.locks': 'runs at every lock: a probe there slows the whole host, and may feed itself.',
  'cost.warning.time': 'runs whenever somebody asks for the time: a probe there slows the whole host.',
  'cost.warning.every-packet': 'sees every packet of every protocol.',
  'cost.warning.interrupts': 'runs at every interrupt or system call: a probe there slows the whole host.',
  'cost.warning.many-points': 'stands for many functions: attaching takes long, and each of them costs.',

  'load.load': 'load',
  'load.loadAbout':
    'Load average of the target, {before} as the probe was attached; {cpus} CPUs. A steep rise ends the probe.',
  'load.ours': 'our CPU',
  'load.oursAbout':
    'Of one CPU, what our processes there take; the kernel side of the probe is not in it. All CPUs: {busy} % busy.',
} as const;
