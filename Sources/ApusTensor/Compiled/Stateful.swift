/// Something that holds tensors from step to step: a module, an optimizer, a running average. `compile` takes what its function changes.
public protocol Stateful: AnyObject {
    /// What a compiled function needs to know of it.
    var compiledState: CompiledState { get }
}

/// The places of tensors that a compiled function reads and changes, and what else its program depends on.
public struct CompiledState {
    /// In an order that stays.
    var holders: [any TensorHolder]
    /// Modes, and what is trained: where they change, the function is traced again.
    var traits: [Int]

    package init(_ holders: [any TensorHolder], traits: [Int]) {
        self.holders = holders
        self.traits = traits
    }

    /// That of several, each place once.
    init(joining parts: [any Stateful]) {
        var seen: Set<ObjectIdentifier> = []
        (holders, traits) = ([], [])
        for part in parts {
            let state = part.compiledState
            for holder in state.holders where seen.insert(ObjectIdentifier(holder)).inserted { holders.append(holder) }
            traits += state.traits
        }
    }

    /// Runs `body` and puts everything back as it was.
    func restored<Result>(after body: () throws -> Result) rethrows -> Result {
        let old = holders.map(\.contents)
        defer { for (holder, contents) in zip(holders, old) { holder.contents = contents } }
        return try body()
    }
}

/// A place that holds some tensors.
package protocol TensorHolder: AnyObject {
    /// By names, which are the place's own.
    var contents: [String: Tensor] { get set }
    /// Adds the tensors in the order of their names.
    func append(to tensors: inout [Tensor])
    /// Lets go of the tensors, while a program writes over them. Then as many are put back.
    func empty()
    /// Takes tensors in the order of the names that were there last.
    func put(_ tensors: ArraySlice<Tensor>)
}

extension TensorHolder {
    var tensors: [Tensor] {
        var tensors: [Tensor] = []
        append(to: &tensors)
        return tensors
    }
}
