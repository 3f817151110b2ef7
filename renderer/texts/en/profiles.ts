export const profiles = {
  'investigations.title': 'Investigations',
  'investigations.none': 'No investigation is saved.',
  'investigations.noneAbout':
    'An investigation holds the host, the probe and your notes, as one JSON file. Save one from the Packets view.',
  'investigations.loading': 'Reading the saved investigations…',
  'investigations.name': 'Name',
  'investigations.notes': 'Notes',
  'investigations.notesPlaceholder': 'What you saw, what you suspect',
  'investigations.host': 'Host',
  'investigations.probe': 'Probe',
  'investigations.save': 'Save investigation',
  'investigations.saved': 'Saved “{name}”.',
  'investigations.openAbout':
    'Connects to {host} and makes the probe ready; nothing starts before you say so.',
  'investigations.delete': 'Delete “{name}”?',
  'investigations.deleteAbout': 'Its file is removed. This cannot be undone.',
} as const;
