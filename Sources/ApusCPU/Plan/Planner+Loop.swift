import ApusGraph

extension Planner {
    /// All results of a loop that the program has, in one step.
    mutating func emitLoop(_ loop: Loop, _ operands: [Int]) throws -> [Loop.Result: View] {
        var results: [Loop.Result: View] = [:]
        for (index, instruction) in program.instructions.enumerated() where instruction.operands == operands {
            guard case .loop(loop, let result) = instruction.operation else { continue }
            let view = newView(instruction.type)
            results[result] = view
            layouts[program.inputs.count + index] = Layout(view)
        }
        let body = try LoopBody(loop, wanted: Set(results.keys), options)
        steps.append(LoopStep(loop, body, operands: operands.map { contiguous($0) }, results: results))
        return results
    }
}

/// A loop's body in plans.
final class LoopBody: Sendable {
    /// What depends on captured values alone: before the first step.
    let once: CPUPlan?
    /// What each step does. Behind the body's inputs it takes the results of `once`.
    let each: CPUPlan
    /// For each of the loop's outputs its place among the outputs of `each`, nil for one that nobody wants.
    let outputs: [Int?]

    /// - Parameter wanted: the results of the loop that are computed.
    init(_ loop: Loop, wanted: Set<Loop.Result>, _ options: EngineOptions) throws {
        var program = loop.body
        var outputs: [Int?] = []
        program.outputs.removeSubrange(loop.stateCount..<(loop.stateCount + loop.outputCount))
        for number in 0..<loop.outputCount {
            let isWanted = wanted.contains(.output(number))
            outputs.append(isWanted ? program.outputs.count : nil)
            if isWanted { program.outputs.append(loop.body.outputs[loop.stateCount + number]) }
        }
        self.outputs = outputs

        // A state that is gone after its step is written over by the next.
        let states = (0..<loop.stateCount).filter { !wanted.contains(.history($0)) }
        let lowered = program.lowered(options)
        var planner = Planner(lowered, options, reusableInputs: states.map { 1 + $0 })
        let draft = try planner.draft()
        let captured = Set((1 + loop.stateCount + loop.sequenceCount)..<program.inputs.count)
        if loop.stepCount > 1, let (once, rest, _) = draft.split(constants: captured, types: lowered.inputs) {
            (self.once, each) = (once.finished(options), rest.finished(options))
        } else {
            (once, each) = (nil, draft.finished(options))
        }
    }
}
