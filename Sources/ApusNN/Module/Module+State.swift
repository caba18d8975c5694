/// Tensors by name, as checkpoints hold them.
public typealias StateDictionary = [String: Tensor]

extension Module {
    /// All parameters and buffers under PyTorch's names. A slot reached by two ways is there under both names.
    public func stateDictionary() -> StateDictionary {
        var state: StateDictionary = [:]
        for (name, slot) in walk().slots { state[name] = slot.tensor }
        return state
    }

    /// Takes over every value of `state`, converted to the dtypes that the module has.
    ///
    /// - Throws: `StateError` naming every missing and unexpected key and every shape that differs; the module is then as it was.
    public func load(_ state: StateDictionary) throws {
        let comparison = compare(with: state)
        guard comparison.report.isComplete else {
            throw StateError(report: comparison.report, kind: "\(type(of: self))")
        }
        assign(comparison.matches)
    }

    /// Takes over what fits by name and shape, and tells what it skipped.
    @discardableResult
    public func loadMatching(_ state: StateDictionary) -> StateReport {
        let comparison = compare(with: state)
        assign(comparison.matches)
        return comparison.report
    }

    private func assign(_ matches: [(slot: Slot, value: Tensor)]) {
        for (slot, value) in matches { slot.tensor = value.cast(to: slot.tensor!.dtype) }
    }

    private func compare(with state: StateDictionary) -> (matches: [(slot: Slot, value: Tensor)], report: StateReport) {
        let slots = walk().slots
        var report = StateReport()
        var matches: [(slot: Slot, value: Tensor)] = []
        var found: Set<ObjectIdentifier> = []
        for (name, slot) in slots {
            guard let value = state[name] else { continue }
            found.insert(ObjectIdentifier(slot))
            if value.shape == slot.tensor!.shape {
                report.loaded.append(name)
                matches.append((slot, value))
            } else {
                report.mismatched.append(.init(name: name, expected: slot.tensor!.shape, found: value.shape))
            }
        }
        // One name is enough for a shared slot: formats without aliases save it once.
        report.missing = slots.filter { !found.contains(ObjectIdentifier($0.slot)) }.map(\.name)
        report.unexpected = Set(state.keys).subtracting(slots.map(\.name)).sorted()
        return (matches, report)
    }
}

/// How a state dictionary fits a module.
public struct StateReport: Sendable, Hashable {
    /// A tensor of another shape than the module's.
    public struct Mismatch: Sendable, Hashable {
        /// The tensor's name in the state.
        public let name: String
        /// The module's shape.
        public let expected: Shape
        /// The dictionary's shape.
        public let found: Shape

        public init(name: String, expected: Shape, found: Shape) {
            self.name = name
            self.expected = expected
            self.found = found
        }
    }

    /// Names of the tensors that fit.
    public var loaded: [String] = []
    /// What the module has and the dictionary has not.
    public var missing: [String] = []
    /// What the dictionary has and the module has not.
    public var unexpected: [String] = []
    /// Tensors in both, of different shapes.
    public var mismatched: [Mismatch] = []

    public init() {}

    /// Whether nothing is missing, unexpected or of another shape.
    public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }
}

extension StateReport: CustomStringConvertible {
    public var description: String {
        var parts: [String] = []
        if !missing.isEmpty { parts.append("missing keys: " + missing.joined(separator: ", ")) }
        if !unexpected.isEmpty { parts.append("unexpected keys: " + unexpected.joined(separator: ", ")) }
        if !mismatched.isEmpty {
            let list = mismatched.map { "\($0.name) is \($0.found), expected \($0.expected)" }
            parts.append("shapes: " + list.joined(separator: ", "))
        }
        return parts.isEmpty ? "all \(loaded.count) keys match" : parts.joined(separator: "; ")
    }
}

/// A state dictionary that belongs to another model or optimizer.
public struct StateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What does not fit.
    public let report: StateReport
    /// What it was loaded into.
    public let kind: String

    public init(report: StateReport, kind: String) {
        self.report = report
        self.kind = kind
    }

    public var description: String {
        "the state does not fit \(kind): \(report). Load it into the architecture that saved it, or use loadMatching to take what fits."
    }
}
