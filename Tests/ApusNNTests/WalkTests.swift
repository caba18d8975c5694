import ApusNN
import ApusTestSupport
import Testing

private final class Leaf: Module {
    @Parameter var weight: Tensor = .ones([1])
    let size = 3
    let name = "leaf"
}

private class Trunk: Module {
    @Parameter var base: Tensor = .ones([2])
    var leaf = Leaf()
}

private final class Grown<Tag>: Trunk {
    var leaves: [Leaf] = [Leaf(), Leaf()]
    var byName: [String: Leaf] = ["b": Leaf(), "a": Leaf()]
    var tags: [Tag] = []
    @Buffer var count: Tensor = .zeros([])
}

private final class WithOptionals: Module {
    var first: Leaf? = nil
    var anything: Any? = nil
    lazy var late = Leaf()
    let plain = Leaf()
}

private final class Child: Module {
    weak var parent: Parent?
    unowned let owner: Parent
    let leaf = Leaf()
    init(_ parent: Parent) {
        self.parent = parent
        owner = parent
    }
}

private final class Parent: Module {
    var children: [Child] = []
    @Parameter var weight: Tensor = .ones([1])
}

/// What a walk finds, whichever way it reads a class.
@Suite("Walks") struct WalkTests {
    @Test func superclassesComeFirstAndContainersInOrder() {
        let module = Grown<Float>()
        #expect(
            module.namedParameters.map(\.name) == [
                "base", "leaf.weight", "leaves.0.weight", "leaves.1.weight", "by_name.a.weight", "by_name.b.weight",
            ])
        #expect(module.namedBuffers.map(\.name) == ["count"])
    }

    @Test func whatIsReplacedIsFoundAnew() {
        let module = Grown<Int>()
        _ = module.parameters
        let leaf = Leaf()
        module.leaf = leaf
        module.leaves.append(leaf)
        module.byName["c"] = Leaf()
        #expect(module.namedParameters.count == 7)  // the shared leaf once
        #expect(module.namedParameters.contains { $0.name == "leaf.weight" && $0.slot === leaf.$weight })
        module.leaves = []
        module.byName = [:]
        #expect(module.namedParameters.map(\.name) == ["base", "leaf.weight"])
    }

    @Test func optionalsAreReadAsTheyAre() {
        let module = WithOptionals()
        #expect(module.namedParameters.map(\.name) == ["plain.weight"])
        module.first = Leaf()
        module.anything = Leaf()
        #expect(module.namedParameters.map(\.name) == ["first.weight", "anything.weight", "plain.weight"])
        module.first = nil
        #expect(module.namedParameters.map(\.name) == ["anything.weight", "plain.weight"])
    }

    @Test func parentsAreNoChildren() {
        let parent = Parent()
        parent.children = [Child(parent), Child(parent)]
        #expect(parent.namedParameters.map(\.name) == ["children.0.leaf.weight", "children.1.leaf.weight", "weight"])
        weak var released: Parent?
        let child: Child = {
            let parent = Parent()
            released = parent
            let child = Child(parent)
            parent.children = [child]
            _ = parent.parameters
            return child
        }()
        #expect(released == nil)
        #expect(child.parent == nil)
    }
}
