/// The buffers that got new values while a loss was computed, in whatever module.
///
/// They belong to the step as its gradients do: left pending, they would bring the whole forward pass back when they are looked
/// at. A loss may well use other modules than the one it is differentiated by, such as the other network of a pair.
final class StateChanges: @unchecked Sendable {
    // Unchecked: a loss runs in one task, and so do the modules that it calls.
    /// Those of the outermost loss under way: what happens in an inner one happens in both.
    @TaskLocal static var current: StateChanges?

    /// Each once, in the order of their first changes.
    private(set) var slots: [Slot] = []
    private var known: Set<ObjectIdentifier> = []

    func note(_ slot: Slot) {
        if known.insert(ObjectIdentifier(slot)).inserted { slots.append(slot) }
    }
}
