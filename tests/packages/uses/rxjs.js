// rxjs composes streams of values.
import { firstValueFrom, from, interval, lastValueFrom, merge, of, Subject, throwError, timer } from "rxjs";
import { catchError, concatMap, delay, map, reduce, retry, scan, switchMap, take, takeUntil, toArray } from "rxjs/operators";

export default async () => {
  const subject = new Subject();
  const seen = [];
  subject.pipe(scan((sum, n) => sum + n, 0)).subscribe({ next: (n) => seen.push(n), complete: () => seen.push("end") });
  [1, 2, 3].forEach((n) => subject.next(n));
  subject.complete();
  let tries = 0;
  const flaky = of(1).pipe(
    switchMap(() => (++tries < 3 ? throwError(() => new Error("no")) : of("third"))),
    retry(5),
  );
  return {
    seen,
    flaky: await firstValueFrom(flaky),
    tries,
    ticks: await lastValueFrom(interval(1).pipe(take(3), toArray())),
    merged: (await lastValueFrom(merge(of("a").pipe(delay(3)), of("b")).pipe(toArray()))).join(),
    ordered: await lastValueFrom(from([3, 1, 2]).pipe(concatMap((n) => timer(n).pipe(map(() => n))), toArray())),
    caught: await firstValueFrom(throwError(() => new Error("bad")).pipe(catchError((error) => of(error.message)))),
    stopped: await lastValueFrom(interval(1).pipe(takeUntil(of(1)), reduce((n) => n + 1, 0))),
    empty: await firstValueFrom(from([])).catch((error) => error.name),
  };
};
