// The whole program with an observable, a corruption, a kind of data sets and a kind of models of one's own:
//   swift run -c release --package-path examples/custom-program custom-program run examples/custom-program/stripes.yaml

import Kinds
import SimulateProgram

var registry = Registry.standard
registry.register(
  observables: [BrightFraction.self], corruptions: [SaltAndPepper.self], datasets: [StripesKind.self],
  models: [RelaxationKind.self])
Program.run(registry, command: "custom-program")
