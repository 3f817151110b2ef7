import { assertNever } from '../contract/failure.ts';
import type { ProbeSpec } from './spec.ts';
import type { TracefsEvent } from './tracefs-event.ts';

/** Seconds after which the target ends by itself, whatever else goes wrong. */
const LAST_RESORT_SECONDS = 4 * 3600;
/** Of all processors together; one may have to take a whole second's events. */
const MAX_BUFFER_KB = 32 * 1024;
const MIN_BUFFER_KB = 64;
/** The kernel's own choice is 10, or twice the number of processors; each takes some hundred bytes there. */
const RETURN_PLACES = 256;
/** The kernel records a stack as an entry of its own. */
const STACK_BYTES = 300;

/**
 * The script, for dash, bash and busybox ash. It makes an instance of its own (nobody's tracing is disturbed),
 * named after its process and that process's start time, so that a later run can tell whether the owner is gone.
 * The kernel's buffer drops what is new when it is full: as much as may be sent in a second fits, and only so much
 * is read in a second, so that a flood costs the target little; what was dropped is counted exactly.
 * Under the leash the events are sent as they lie in the buffer; anywhere else, and where the kernel must name symbols,
 * as it prints them.
 */
export function tracefsScript(
  spec: ProbeSpec,
  events: readonly TracefsEvent[],
  tag: string,
  machine: string,
): string {
  const shapes = [...new Set(events.map(({ packet }) => packet.join('\n')))].filter(Boolean);
  const line = Math.max(...events.map(lineBytes));
  const entry = Math.max(...events.map(entryBytes)) + (spec.stack ? STACK_BYTES : 0);
  const reads = spec.perSecond * (spec.stack ? 2 : 1);
  const wanted = Math.ceil((spec.perSecond * entry) / 1024);
  const pages = sendsPages(spec, events, machine) ? Math.min(...events.map(leastBytes)) : null;
  const functions = shapes.map(
    (shape, i) => `# What is fetched of the sk_buff at $1; the numbers are offsets from this kernel's BTF.
packet_${i}() {
  echo "${shape.split('\n').join('" \\\n    "')}"
}`,
  );
  const attach = events.map((event, i) => {
    const name = `${tag}_${i}`;
    const shape = shapes.indexOf(event.packet.join('\n'));
    const packet = event.skb === null ? [] : [`$(packet_${shape} "${event.skb}")`];
    const facts = [...packet, ...event.more, 'comm=\\$comm:string'].join(' ');
    const filter = [
      event.wanted === null ? '' : `(${event.wanted})`,
      event.own === null ? '' : `!(${event.own})`,
    ]
      .filter(Boolean)
      .join(' && ');
    const needs =
      event.point.edge === 'return' && event.skb !== null ? `needs_return_arguments ${event.place}\n` : '';
    return `${needs}${defining(event)} ${event.letter} ${name} ${event.place} "${facts}"
${filter === '' ? '' : `filter ${name} '${filter}'\n`}${event.own === null ? '' : `count_own ${name} '${event.own}'\n`}`;
  });
  const seconds = spec.seconds === null ? LAST_RESORT_SECONDS : Math.ceil(spec.seconds);
  return `# A probe by tracefs alone, for a root shell. It prints lines that begin with ${tag} and, between them, the
# events as the kernel prints them. TERM ends it; it takes away all that it has made.
PATH=$PATH:/usr/sbin:/sbin LC_ALL=C
tag=${tag}
${FIND}I=
say() { printf "$tag\\t$1\\n"; }
# The kernel's last word on what it refused, ours or anybody's.
last_error() {
  error=
  for log in $T/error_log $I/error_log; do
    while read -r line; do case $line in *'error: '*) error=$line ;; esac; done <$log
  done
} 2>/dev/null
fail() {
  last_error
  [ "$error" != "$before" ] || error=
  printf '%s\t%s\t%s\t%s\t%s\n' $tag F "$1" "$2" "\${error#*error: }"
  exit 1
}
last_error
before=$error
[ -r $T/README ] || fail missing tracefs
readme=$(cat $T/README 2>/dev/null)
[ -n "$readme" ] || fail locked README
release=$(uname -r)
[ -w $D ] || fail refused kprobe_events

# What killed runs have left: the owner of a name skblens_PID_START is gone when that process is, or when another has
# its number.
${REMOVE}for old in $(left); do remove $old; done

started $$
name=skblens_$$_$start
I=$T/instances/$name
page= reader= ticker= stopping=
trap 'stopping=1' HUP INT TERM
trap 'trap "" HUP INT TERM; exec 4<&-; kill $reader $ticker 2>/dev/null; wait; remove $name' EXIT
mkdir $I 2>/dev/null || fail refused instances
set -- $I/per_cpu/cpu*
size=$((${MAX_BUFFER_KB} / $#))
[ $size -lt ${wanted} ] || size=${wanted}
[ $size -gt ${MIN_BUFFER_KB} ] || size=${MIN_BUFFER_KB}
echo $size >$I/buffer_size_kb || fail refused buffer_size_kb
echo 0 >$I/options/overwrite
echo 0 >$I/options/irq-info
echo boot >$I/trace_clock
${spec.stack ? 'echo 1 >$I/options/stacktrace\n' : ''}
# What this kernel has, by its own words. Arguments by number, or by register where it does not know them so.
# Until 6.13 an fprobe event at a function's end missed calls, and nobody was told; a kprobe event counts what it misses.
fprobes= tracepoints=
minor=\${release#*.}
minor=\${minor%%[!0-9]*}
case $D in */dynamic_events)
  case $readme in *' f[:['*) [ $((\${release%%.*} * 1000 + minor)) -lt 6014 ] || fprobes=yes ;; esac
  case $readme in *' t[:['*) tracepoints=yes ;; esac
esac
a1='$arg1' a2='$arg2' a3='$arg3' a4='$arg4' a5='$arg5' a6='$arg6' a7='$arg7' a8='$arg8' a9='$arg9'
a10='$arg10' a11='$arg11' a12='$arg12'
case $readme in
*'$arg<N>'*) ;;
*)
  case $(uname -m) in
  x86_64) a1=%di a2=%si a3=%dx a4=%cx a5=%r8 a6=%r9 ;;
  aarch64) a1=%x0 a2=%x1 a3=%x2 a4=%x3 a5=%x4 a6=%x5 a7=%x6 a8=%x7 ;;
  *) fail unfit arguments ;;
  esac
  ;;
esac
needs_return_arguments() {
  case $readme in *'return probes support'*'$arg<N>'*) ;; *) fail unfit return-arguments ;; esac
}
# The end of a function by a kprobe has so many places for callers that are in it at a time; the rest it misses.
define() {
  letter=$1
  [ $1 != r ] || letter=r${RETURN_PLACES}
  printf '%s:%s/%s %s %s\\n' $letter $name $2 $3 "$4" 2>/dev/null >>$D || fail define $3
}
# The start (f) or the end (fr) of a function: an fprobe event where the kernel has good ones and takes this one, else
# a kprobe event.
define_function() {
  end= kprobe=p
  [ $1 = f ] || end=%return kprobe=r
  if [ -n "$fprobes" ] && printf 'f:%s/%s %s %s\\n' $name $2 $3$end "$4" 2>/dev/null >>$D; then count_seen $2
  else define $kprobe $2 $3 "$4"; fi
}
define_tracepoint() {
  [ $1 = e ] || [ -n "$tracepoints" ] || fail unfit raw-tracepoints
  define "$@"
  count_seen $2
}
filter() {
  echo "$2" 2>/dev/null >$I/events/$name/$1/filter || fail filter $1
}
# Counts what is left out, in the kernel; and all that comes, where kprobe_profile does not.
count_seen() {
  echo 'hist:keys=common_type:size=128' 2>/dev/null >>$I/events/$name/$1/trigger
}
count_own() {
  echo "hist:keys=common_type:size=128 if $2" 2>/dev/null >>$I/events/$name/$1/trigger || say U
}
${functions.join('\n')}

${attach.join('')}
# hits, missed, own, waiting, read, dropped: since the start, of all processors.
totals() {
  hits=0 missed=0 own=0 waiting=0 read=0 dropped=0
  while read -r event count miss; do
    case $event in \${tag}_*) hits=$((hits + count)) missed=$((missed + miss)) ;; esac
  done <$T/kprobe_profile
  for file in $I/events/$name/*/hist; do
    while read -r word count; do
      case "$word $count" in
      "# trigger info: "*" if "*) whose=own ;;
      "# trigger info: "*) whose=all ;;
      Hits:*) if [ $whose = own ]; then own=$((own + count)); else hits=$((hits + count)); fi ;;
      esac
    done <$file
  done 2>/dev/null
  while read -r word more count; do
    case "$word $more" in
    entries:*) waiting=$((waiting + more)) ;;
    "read events:") read=$((read + count)) ;;
    "dropped events:" | "commit overrun:") dropped=$((dropped + count)) ;;
    overrun:*) dropped=$((dropped + more)) ;;
    esac
  done <<END
$(cat $I/per_cpu/cpu*/stats)
END
  say "T\\t$hits\\t$missed\\t$own\\t$waiting\\t$read\\t$dropped"
}

${pages === null ? '' : BEGIN_PAGES}[ -n "$page" ] || exec 4<$I/trace_pipe
echo 1 >$I/events/$name/enable || fail refused enable
say B
${spec.dryRun ? 'stopping=1\n' : ''}left=${seconds}
${pages === null ? '' : readPages(reads, pages)}if [ -z "$page" ]; then
  (
    trap '' INT
    while sleep 1 && [ $left -gt 0 ]; do
      left=$((left - 1))
      totals
    done
    kill -TERM $$
  ) </dev/null 4<&- &
  ticker=$!

  # At most ${reads} reads of an event's length a second.
  while [ -z "$stopping" ]; do
    sleep 1 </dev/null >/dev/null 2>&1 4<&- &
    second=$!
    dd bs=${line} count=${reads} <&4 2>/dev/null &
    reader=$!
    wait $reader || break
    if [ -z "$stopping" ] && kill -0 $second 2>/dev/null; then
      say L
      wait $second
    fi
  done

  # What waits in the buffer is read to its end: a read ends there, once nothing more can come.
  echo 0 >$I/tracing_on
  kill $reader $ticker $second 2>/dev/null
  wait
  totals
  [ $waiting -gt 0 ] && dd bs=${line} <&4 2>/dev/null && totals
fi
say E
`;
}

/** Machines whose 64-bit kernels are little-endian. */
const LITTLE_ENDIAN = /^(?:x86_64|aarch64|riscv64|loongarch64|ppc64le)$/;

/** Whether pages of the buffer say all: not where a stack or a caller is an address that only the kernel can name. */
function sendsPages(spec: ProbeSpec, events: readonly TracefsEvent[], machine: string): boolean {
  const symbols = events.some(({ more }) => more.some((argument) => argument.endsWith(':symbol')));
  return LITTLE_ENDIAN.test(machine) && !spec.stack && !symbols;
}

/** Tells how events and pages are laid out; `page` is the size of one, empty where events are to be sent as text. */
const BEGIN_PAGES = `# To skblens events are sent as they lie in the buffer, page by page; to anyone else as the kernel prints them.
if [ -n "$SKBLENS_RUN" ] && [ -r $I/per_cpu/cpu0/trace_pipe_raw ]; then
  while IFS=';' read -r field offset bytes more; do
    case $field in *' data') page=\$((\${offset#*:} + \${bytes#*:})) data=\${offset#*:} ;; esac
  done <<END
$(cat $T/events/header_page)
END
fi
if [ -n "$page" ]; then
  for file in $I/events/$name/*/format; do
    point=\${file%/format}
    while IFS= read -r word; do
      case $word in ID:* | *field:*) printf '%s\\tM\\t%s\\t%s\\n' $tag \${point##*_} "$word" ;; esac
    done <$file
  done
  say "H\\t$page\\t$data"
fi
`;

/** Once a second what is in the buffer: never more pages than its events must fill, or a read would wait. */
function readPages(reads: number, least: number): string {
  return `# Reads at most $1 events; of what comes meanwhile only as much as $2 rounds take, and only if most is still there,
# as it is when short events are among long ones.
drain() {
  budget=$1
  each=$(((page - data) / ${least}))
  first=0 round=0
  while [ $round -lt $2 ]; do
    round=$((round + 1))
    stats=$(grep '^entries:' $I/per_cpu/cpu*/stats /dev/null)
    all=0
    while IFS=: read -r cpu word entries; do all=$((all + \${entries# })); done <<END
$stats
END
    [ $first -gt 0 ] || first=$all
    [ $all -gt 0 ] && [ $((all * $2)) -ge $first ] || return
    while IFS=: read -r cpu word entries; do
      entries=\${entries# }
      [ $entries -gt 0 ] || continue
      [ $budget -gt 0 ] || { say L; return; }
      [ $entries -le $budget ] || entries=$budget
      count=$(((entries + each - 1) / each))
      cpu=\${cpu%/stats}
      say "P\\t\${cpu##*cpu}\\t$count"
      # A signal to all of us would cut a page.
      (trap '' HUP INT TERM; exec dd bs=$page count=$count <$cpu/trace_pipe_raw 2>/dev/null)
      budget=$((budget - count * each))
    done <<END
$stats
END
  done
}
if [ -n "$page" ]; then
  while [ -z "$stopping" ] && [ $left -gt 0 ]; do
    sleep 1 </dev/null >/dev/null 2>&1 &
    second=$!
    read -r now more </proc/uptime
    drain ${reads} 4
    # One processor's events are in order as they come.
    [ -d $I/per_cpu/cpu1 ] || now=$((\${now%.*} + 60))
    say "S\\t$now"
    totals
    wait $second
    left=$((left - 1))
  done
  echo 0 >$I/tracing_on
  drain 1000000000 1000000000
  totals
fi
`;
}

/**
 * Shell functions: the names of runs in tracefs, those whose owner is gone, and how one is taken away; `T` and `D` as in
 * the script. Few processes are started: each costs a slow target a tenth of a second.
 */
const REMOVE = `names() {
  for one in $T/instances/skblens_*; do [ -d "$one" ] && echo "\${one##*/}"; done
  while read -r one more; do
    case $one in *:skblens_*/*) one=\${one#*:} && echo "\${one%%/*}" ;; esac
  done <$D
}
started() {
  start=
  { read -r start </proc/$1/stat; } 2>/dev/null
  set -- \${start##*) }
  start=\${20}
}
left() {
  for one in $(names); do
    owner=\${one#skblens_}
    started "\${owner%_*}"
    [ "$start" = "\${owner#*_}" ] || echo $one
  done
}
remove() {
  echo 0 >$T/instances/$1/events/enable
  rmdir $T/instances/$1
  for event in $(while read -r one more; do case $one in *:$1/*) echo "\${one#*:}" ;; esac; done <$D); do
    echo "-:$event" >>$D
  done
} 2>/dev/null
`;

const FIND = `T=/sys/kernel/tracing
[ -r $T/README ] || T=/sys/kernel/debug/tracing
D=$T/dynamic_events
[ -w $D ] || D=$T/kprobe_events
`;

/**
 * For the guard of the leash, once its child, process `$child`, is gone: whatever it could not take away itself, having
 * been killed. What it had started ends a moment later, and holds the instance until then.
 */
export const TRACEFS_AFTER = `${FIND}${REMOVE}for second in 1 2 3 4 5; do
  mine=
  for one in $(names); do case $one in skblens_\${child}_*) mine=$one; remove $one ;; esac; done
  [ -z "$mine" ] && break
  [ -d $T/instances/$mine ] && sleep 1
done
`;

/** For a look at the target: prints `tracefs=NAME` for each run in tracefs whose owner is gone. */
export const TRACEFS_LEFT = `${FIND}${REMOVE}left | while read -r one; do echo "tracefs=$one"; done
`;

/** The shell function that makes an event. */
function defining({ letter }: TracefsEvent): string {
  switch (letter) {
    case 'f':
    case 'fr':
      return 'define_function';
    case 'e':
    case 't':
      return 'define_tracepoint';
    case 'p':
    case 'r':
      return 'define';
    default:
      return assertNever(letter);
  }
}

const TYPE_BYTES: Readonly<Record<string, number>> = { '8': 1, '16': 2, '32': 4, '64': 8 };

/** Bytes and characters that a fetch argument takes in the buffer and, at most, in a line. */
function width(argument: string): { entry: number; line: number } {
  const [, type = '', array] = /:([a-z]+[0-9@/]*)(?:\[(\d+)\])?$/.exec(argument) ?? [];
  const times = Number(array ?? 1);
  const name = argument.indexOf('=') + 2;
  const bits = /(\d+)$/.exec(type)?.[1] ?? '';
  const bytes = TYPE_BYTES[bits] ?? (type === 'symbol' ? 8 : 24);
  const characters = type.startsWith('x') ? 2 + 2 * bytes : type === 'symbol' ? 90 : Math.ceil(2.5 * bytes);
  return { entry: bytes * times, line: name + times * (characters + 1) };
}

/** Bytes that an event takes in the buffer at least: its head, the common fields, its values, where comm is. */
function leastBytes({ packet, more }: TracefsEvent): number {
  const least = (argument: string): number => (argument.endsWith(':string') ? 4 : width(argument).entry);
  return [...packet, ...more].reduce((sum, argument) => sum + least(argument), 4 + 8 + 4);
}

function lineBytes(event: TracefsEvent): number {
  const all = [...event.packet, ...event.more].map((argument) => width(argument).line);
  return 64 * Math.ceil((all.reduce((sum, one) => sum + one, 0) + 110) / 64);
}

function entryBytes(event: TracefsEvent): number {
  return [...event.packet, ...event.more].reduce((sum, argument) => sum + width(argument).entry, 64);
}
