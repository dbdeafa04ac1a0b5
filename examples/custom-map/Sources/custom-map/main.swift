// A dynamical system of one's own in the ensemble engine, beside what is known about it exactly.
//
//   swift run -c release --package-path examples/custom-map
//
// The logistic map at r = 4 is the angle doubling in disguise: with x = (1 - cos a) / 2, a step doubles a.
// An ensemble that starts uniformly distributed therefore has the averages
//
//   <x(t)>        = 1/2 - c(2^t) / 2
//   <ln |F'(x)|>  = ln 2 + sum over k = 1, 2, ... of (-1)^(k+1) c(2 k 2^t) / k
//
// where c(m) = <cos m a> over the start: 1 / (1 - m^2) for even m, 0 for odd ones. The ensemble forgets its
// start within a few steps, and the second average becomes the Lyapunov exponent ln 2.

import Dynamics
import Foundation

let map = LogisticMap(growthRate: 4)
let plan = EnsemblePlan(
  levels: [0],  // one ensemble; with a noise there would be one for each of its levels
  items: (0..<100_000).map { Int32($0) }, steps: 8, seed: 20_171_204,
  observables: [Position(), ExpansionRate(growthRate: map.growthRate)])

let ensemble = Ensemble(map: map, start: UniformStart(), plan: plan)
let averages = try ensemble.run()[0].overall  // one entry per observable

/// <cos m a> over uniform x = (1 - cos a) / 2.
func meanCosine(_ m: Double) -> Double { m.truncatingRemainder(dividingBy: 2) == 0 ? 1 / (1 - m * m) : 0 }

func exactPosition(_ time: Int) -> Double { 0.5 - 0.5 * meanCosine(exp2(Double(time))) }

func exactExpansionRate(_ time: Int) -> Double {
  // The terms fall like 1 / k^3; the alternating sum's error is below the first term left out.
  var sum = log(2.0)
  for k in 1...2000 {
    let sign: Double = k % 2 == 1 ? 1 : -1
    sum += sign * meanCosine(2 * Double(k) * exp2(Double(time))) / Double(k)
  }
  return sum
}

print("\(plan.memberCount) members; averages with standard errors")
print("time   position     error     exact   expansion     error     exact")
for time in 0..<plan.times {
  let (x, rate) = (averages[0], averages[1])
  print(
    String(
      format: "%4d  %9.6f %9.6f %9.6f   %9.6f %9.6f %9.6f", time, x.mean[time], x.standardError[time],
      exactPosition(time), rate.mean[time], rate.standardError[time], exactExpansionRate(time)))
}
