/// What a compiled function does anew at each call beside running its program: draw random keys, count an optimizer's steps, compute
/// numbers from the count and the learning rate.
///
/// Whoever makes such a number while a function is traced notes how it is made. It is an input of the program then.
package final class Replay: @unchecked Sendable {
    // Unchecked: a function is traced and called by one task.
    /// That of the function being traced.
    @TaskLocal package static var current: Replay?

    private enum Part {
        case action(() -> Void)
        case number(() -> Tensor)
        /// A number that no later look gives again.
        case draw(() -> Tensor)
    }
    /// In the order of the trace.
    private var parts: [Part] = []
    /// The numbers that the trace itself made.
    private(set) var numbers: [Tensor] = []

    /// Something to be done at each call. The trace has done it for its own.
    package func note(action: @escaping () -> Void) { parts.append(.action(action)) }

    /// A number of a call, and how the next ones are computed.
    package func note(_ number: Tensor, again compute: @escaping () -> Tensor) {
        numbers.append(number)
        parts.append(.number(compute))
    }

    /// A random number of a call, and how the next ones are drawn.
    func note(_ number: Tensor, drawnBy draw: @escaping () -> Tensor) {
        numbers.append(number)
        parts.append(.draw(draw))
    }

    /// The numbers of one more call.
    func run() -> [Tensor] {
        var made: [Tensor] = []
        made.reserveCapacity(numbers.count)
        for part in parts {
            switch part {
            case .action(let act): act()
            case .number(let make), .draw(let make): made.append(make())
            }
        }
        return made
    }

    /// Whether the numbers of this call would be those that a new trace for it has made; what is drawn is left out.
    func agrees(with trace: Replay) -> Bool {
        guard parts.count == trace.parts.count, numbers.count == trace.numbers.count else { return false }
        var others = trace.numbers.makeIterator()
        return zip(parts, trace.parts).allSatisfy { mine, its in
            switch (mine, its) {
            case (.action, .action): return true
            case (.draw, .draw): return others.next() != nil
            case (.number(let make), .number):
                let (number, other) = (make(), others.next()!)
                return number.elements(as: Double.self) == other.elements(as: Double.self)
            default: return false
            }
        }
    }
}
