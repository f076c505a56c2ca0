/** Envoy's fractions in percent. */
import {
  FractionalPercent_DenominatorType as Denominator,
  type FractionalPercent,
} from '../proto/envoy/type/v3/percent.ts';

const whole = { [Denominator.HUNDRED]: 100, [Denominator.TEN_THOUSAND]: 10_000, [Denominator.MILLION]: 1_000_000 };

/** From 0 to 100. An absent fraction is none. */
export function percentOf(fraction: FractionalPercent | undefined): number {
  const { numerator = 0, denominator = Denominator.HUNDRED } = fraction ?? {};
  return Math.min(100, (numerator * 100) / whole[denominator]);
}
