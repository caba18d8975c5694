import ApusCPU
import ApusTensor
import ApusTestSupport
import Testing

/// Recurrent sequences: their gradients, and the kernels against the steps one by one.
@Suite("Recurrences")
struct RecurrenceTests {
    @Test(arguments: RecurrentUnit.allCases, TestedBackend.allCases)
    func gradients(_ unit: RecurrentUnit, _ backend: TestedBackend) {
        backend.run {
            checkSecondGradients(at: operands(unit, steps: 3, batch: 2, hidden: 2), "\(unit)") { all($0, unit) }
        }
    }

    @Test(arguments: RecurrentUnit.allCases) func theGradientOfTheLastStateAlone(_ unit: RecurrentUnit) {
        checkGradients(at: operands(unit, steps: 3, batch: 1, hidden: 3), "\(unit)") { run($0, unit).final.last! }
    }

    /// What is turned around in time or comes batch first is read where it lies.
    @Test(arguments: RecurrentUnit.allCases) func stridedOperands(_ unit: RecurrentUnit) {
        var operands = operands(unit, steps: 4, batch: 3, hidden: 2)
        operands[0] = operands[0].swappingAxes(0, 1).evaluated()
        checkGradients(at: operands, "\(unit)") { operands in
            let turned = operands[0].swappingAxes(0, 1).reversed(axes: 0)
            let outputs = run([turned] + operands.dropFirst(), unit).outputs
            return outputs.reversed(axes: 0).swappingAxes(0, 1)
        }
    }

    /// Threads share the rows of a small sequence and the units of a large one.
    @Test(arguments: RecurrentUnit.allCases, [(batch: 37, hidden: 150), (batch: 3, hidden: 300)])
    func kernelsComputeWhatTheStepsDo(_ unit: RecurrentUnit, size: (batch: Int, hidden: Int)) {
        var operands = operands(unit, steps: 7, batch: size.batch, hidden: size.hidden).map {
            $0.cast(to: .float32).evaluated()
        }
        // Larger weights would make the sequence chaotic, and rounding errors grow.
        operands[1] = (operands[1] * 0.2).evaluated()
        func results(_ disabled: Set<EngineOptions.Pass>) -> [Tensor] {
            Engine.withBackend(CPUBackend(options: EngineOptions(disabled: disabled))) {
                let (value, gradients) = valueAndGradients(at: operands) { weightedSum(all($0, unit)) }
                return ([value] + gradients).map { $0.evaluated() }
            }
        }
        for (kernel, steps) in zip(results([]), results([.recurrentKernels])) {
            expectClose(kernel, steps, Tolerance(relative: 1e-4, absolute: 1e-4), "\(unit)")
        }
    }

    private func operands(_ unit: RecurrentUnit, steps: Int, batch: Int, hidden: Int) -> [Tensor] {
        let maker = TensorMaker(seed: 21)
        let width = unit.gateCount * hidden
        let shapes: [Shape] =
            [[steps, batch, width], [width, hidden], [width]]
            + [Shape](repeating: [batch, hidden], count: unit.stateCount)
        return shapes.map { maker.uniform($0, in: -0.5...0.5, dtype: .float64) }
    }

    private func run(_ operands: [Tensor], _ unit: RecurrentUnit) -> (outputs: Tensor, final: [Tensor]) {
        recurrence(unit, operands[0], weight: operands[1], bias: operands[2], initial: Array(operands[3...]))
    }

    /// Outputs and last states as one tensor.
    private func all(_ operands: [Tensor], _ unit: RecurrentUnit) -> Tensor {
        let (outputs, final) = run(operands, unit)
        return concatenate([outputs.flattened()] + final.map { $0.flattened() })
    }
}
