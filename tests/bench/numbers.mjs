// Medians, percentiles, and the rows and verdicts that the report prints.

export const sorted = (values) => [...values].sort((a, b) => a - b);

export function percentile(values, p) {
  const all = sorted(values);
  return all.length ? all[Math.min(all.length - 1, Math.floor((all.length * p) / 100))] : NaN;
}

export const median = (values) => percentile(values, 50);

export function format(value, unit) {
  if (value === undefined || Number.isNaN(value)) return '-';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d))/g, value >= 1000 ? ',' : '');
  return unit ? `${text} ${unit}` : text;
}

// One line of the table: what was measured, each server's value, and the goal's verdict (true, false, or null: not judged).
export function row(measure, unit, values, goal = null) {
  const { devflare } = values;
  const known = goal && devflare !== undefined && !Number.isNaN(devflare);
  return { measure, unit, values, goal: goal?.text ?? '', pass: known ? goal.judge(values) : null };
}

const ratioTo = (peer, values) => values.devflare / values[peer];
const judged = (peer, values, verdict) => (values[peer] === undefined || Number.isNaN(values[peer]) ? null : verdict(ratioTo(peer, values)));

export const atMost = (limit, unit) => ({ text: `<= ${limit} ${unit}`, judge: (values) => values.devflare <= limit });
export const atLeast = (limit, unit) => ({ text: `>= ${limit} ${unit}`, judge: (values) => values.devflare >= limit });
export const atMostRatio = (ratio, peer) => ({ text: `<= ${ratio}x ${peer}`, judge: (values) => judged(peer, values, (r) => r <= ratio) });
export const atLeastRatio = (ratio, peer) => ({ text: `>= ${ratio}x ${peer}`, judge: (values) => judged(peer, values, (r) => r >= ratio) });
