// @ts-check

/**
 * Ends this process when the npm that started it is gone. npm hands SIGINT and SIGTERM on, but a
 * SIGKILL to npm would leave its child, and with it an SSH connection and a probe, running unseen.
 */
export function followParent() {
  if (!process.env['npm_lifecycle_event']) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000).unref();
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  look.unref();
}
