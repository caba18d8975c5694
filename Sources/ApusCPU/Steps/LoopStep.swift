import ApusGraph
import Foundation

/// A loop: plans of its body, run step after step on memory that is there from the first step to the last.
struct LoopStep: Step, PreparedStep {
    let loop: Loop
    let body: LoopBody
    private var operands: [View]
    private var results: [Loop.Result: View]

    /// - Parameters:
    ///   - operands: the loop's, dense.
    ///   - results: those that are computed, dense.
    init(_ loop: Loop, _ body: LoopBody, operands: [View], results: [Loop.Result: View]) {
        self.loop = loop
        self.body = body
        self.operands = operands
        self.results = results
    }

    var operandViews: [View] { operands }
    var writes: [StorageID] { results.values.map(\.storage) }
    var description: String {
        let once = body.once.map { ", \($0.steps.count) before" } ?? ""
        return "\(loop): \(body.each.steps.count) kernels\(once)"
    }

    /// As many steps as there may be.
    func cost(in storages: [Storage]) -> KernelCost {
        let count = loop.stepCount == .max ? 1 : loop.stepCount
        var cost = KernelCost(dtype: body.each.costs.first?.dtype ?? .float32)
        for (costs, times) in [(body.once?.costs ?? [], 1), (body.each.costs, count)] {
            cost.flops += costs.reduce(0) { $0 + $1.flops } * times
            cost.bytesRead += costs.reduce(0) { $0 + $1.bytesRead } * times
            cost.bytesWritten += costs.reduce(0) { $0 + $1.bytesWritten } * times
        }
        return cost
    }

    func renaming(_ storage: (StorageID) -> StorageID) -> LoopStep {
        var step = self
        for index in operands.indices { step.operands[index].storage = storage(operands[index].storage) }
        step.results = results.mapValues { view in
            var view = view
            view.storage = storage(view.storage)
            return view
        }
        return step
    }

    func run(_ memory: Memory) throws {
        var run = LoopRun(loop, body, operands.map { memory.pointer($0) }, results.mapValues { memory.pointer($0) })
        try run.prepare()
        try run.allSteps()
        run.finish()
    }
}

/// One run of a loop.
private struct LoopRun {
    private typealias Pointer = UnsafeMutableRawPointer

    /// Where a part of the state is.
    private struct State {
        let byteCount: Int
        /// What it is before each step, where that is a result.
        let history: Pointer?
        /// Elsewhere: room for the state of this step and of the next.
        let spare: [Buffer]
        var current: Pointer

        /// Where the next one goes, which is before the step at a position, or after the last.
        func next(_ position: Int?) -> Pointer {
            if let history, let position { return history + position * byteCount }
            return spare.first { $0.pointer != current }!.pointer
        }
    }

    private let loop: Loop
    private let operands: [UnsafeMutableRawPointer]
    private let results: [Loop.Result: UnsafeMutableRawPointer]
    private let body: LoopBody
    private var frame: PlanFrame
    private var before: PlanFrame?
    /// Results of what runs before the first step.
    private var kept: [Buffer] = []
    private var states: [State] = []
    private let cells = Buffer(byteCount: 16)
    private var stepsTaken = 0
    private let bound: Int

    private var position: UnsafeMutableRawPointer { cells.pointer }
    private var goesOn: UnsafeMutableRawPointer { cells.pointer + 8 }

    init(
        _ loop: Loop, _ body: LoopBody, _ operands: [UnsafeMutableRawPointer],
        _ results: [Loop.Result: UnsafeMutableRawPointer]
    ) {
        self.loop = loop
        self.body = body
        self.operands = operands
        self.results = results
        frame = PlanFrame(body.each)
        before = body.once.map(PlanFrame.init)
        bound = loop.ending == .atOperand ? Int(operands[loop.endingOperand].load(as: Int64.self)) : loop.stepCount
    }

    // MARK: Before the first step

    mutating func prepare() throws {
        precondition(bound <= loop.stepCount, "\(loop): \(bound) steps are asked for")
        let first = loop.endingOperand + 1  // of the captured among the body's inputs
        for (number, operand) in loop.capturedOperands.enumerated() {
            frame.bind(input: first + number, to: operands[operand])
            before?.bind(input: first + number, to: operands[operand])
        }
        if var before, let once = body.once {
            kept = once.outputs.indices.map { Buffer(byteCount: before.byteCount(ofOutput: $0)) }
            for (number, buffer) in kept.enumerated() {
                before.bind(output: number, to: buffer.pointer)
                frame.bind(input: loop.body.inputs.count + number, to: buffer.pointer)
            }
            try before.run()
        }
        frame.bind(input: 0, to: position)
        states = loop.stateOperands.map { part in
            let byteCount = loop.operandTypes[part].byteCount
            let history = results[.history(part)]
            let spare = (0..<(history == nil ? 2 : 1)).map { _ in Buffer(byteCount: byteCount) }
            var state = State(byteCount: byteCount, history: history, spare: spare, current: operands[part])
            if let history, bound > 0 {
                state.current = history + loop.position(of: 0, count: bound) * byteCount
            } else {
                state.current = spare[0].pointer
            }
            state.current.copyMemory(from: operands[part], byteCount: byteCount)
            return state
        }
    }

    // MARK: Steps

    mutating func allSteps() throws {
        if loop.ending == .whenFalse {
            goesOn.copyMemory(from: operands[loop.endingOperand], byteCount: 1)
        } else {
            goesOn.storeBytes(of: 1, as: UInt8.self)
        }
        while stepsTaken < bound && goesOn.load(as: UInt8.self) != 0 {
            try step(at: loop.position(of: stepsTaken, count: bound))
            stepsTaken += 1
        }
    }

    private mutating func step(at place: Int) throws {
        position.storeBytes(of: Int64(place), as: Int64.self)
        let types = loop.body.inputs
        for (number, operand) in loop.sequenceOperands.enumerated() {
            let input = 1 + loop.stateCount + number
            frame.bind(input: input, to: operands[operand] + place * types[input].byteCount)
        }
        let isLast = stepsTaken + 1 == bound
        let following = isLast ? nil : loop.position(of: stepsTaken + 1, count: bound)
        let next = states.map { $0.next(following) }
        for (part, state) in states.enumerated() {
            frame.bind(input: 1 + part, to: state.current)
            frame.bind(output: part, to: next[part])
        }
        if loop.ending == .whenFalse { frame.bind(output: loop.stateCount, to: goesOn) }
        let outputs = outputPlaces(at: place)
        for (output, target) in outputs { frame.bind(output: output, to: target) }

        try frame.run()

        for (output, target) in outputs { fetch(output, to: target) }
        if loop.ending == .whenFalse { fetch(loop.stateCount, to: goesOn) }
        // A state that was written over the one before it stays there; one that was written over another's place, or is the same as
        // another, is fetched before anything of the next step is written.
        for part in states.indices {
            let isInPlace =
                frame.address(ofOutput: part) == states[part].current && states[part].history == nil
            if !isInPlace {
                fetch(part, to: next[part])
                states[part].current = next[part]
            }
        }
    }

    /// The body's outputs that are results, with their places.
    private func outputPlaces(at place: Int) -> [(output: Int, target: UnsafeMutableRawPointer)] {
        body.outputs.enumerated().compactMap { number, output in
            guard let output, let result = results[.output(number)] else { return nil }
            let stride = loop.body.type(loop.body.outputs[loop.stateCount + number]).byteCount
            return (output, result + place * stride)
        }
    }

    /// Copies an output of the body to where it belongs, unless it was written there.
    private func fetch(_ output: Int, to target: UnsafeMutableRawPointer) {
        let source = frame.address(ofOutput: output)
        if source != target { target.copyMemory(from: source, byteCount: frame.byteCount(ofOutput: output)) }
    }

    // MARK: After the last

    func finish() {
        for (result, target) in results {
            switch result {
            case .state(let part): target.copyMemory(from: states[part].current, byteCount: states[part].byteCount)
            case .count: target.storeBytes(of: Int64(stepsTaken), as: Int64.self)
            case .output, .history:
                let stride = loop.type(of: result).byteCount / max(1, loop.stepCount)
                memset(target + stepsTaken * stride, 0, (loop.stepCount - stepsTaken) * stride)
            }
        }
    }
}
