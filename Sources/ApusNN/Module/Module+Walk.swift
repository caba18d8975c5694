// Finding what a module holds, by reflection on its stored properties.

import Synchronization

extension Module {
    /// Everything found below a module, with the paths to it. What is shared appears once for each way to it.
    struct Contents {
        var slots: [(name: String, slot: Slot)] = []
        var modules: [(name: String, module: Module)] = []
    }

    /// Walks this module and all below it. Slots without a tensor are left out.
    func walk() -> Contents {
        var contents = Contents()
        var path: [Module] = []
        walk("", into: &contents, path: &path)
        return contents
    }

    /// - Parameter path: the modules above; one that refers to a parent of its own must not lead in circles.
    private func walk(_ prefix: String, into contents: inout Contents, path: inout [Module]) {
        guard !path.contains(where: { $0 === self }) else { return }
        path.append(self)
        contents.modules.append((prefix, self))
        forEachMember { name, member in
            Self.take(member, named: stateName(of: name), below: prefix, into: &contents, path: &path)
        }
        path.removeLast()
    }

    private static func take(
        _ member: AnyObject, named name: String, below prefix: String, into contents: inout Contents,
        path: inout [Module]
    ) {
        switch member {
        case let slot as Slot:
            if let derivation = slot.derivation {
                for (name, member) in derivation.members(named: name) {
                    take(member, named: name, below: prefix, into: &contents, path: &path)
                }
            } else if slot.tensor != nil {
                contents.slots.append((join(prefix, name), slot))
            }
        case let module as Module: module.walk(join(prefix, name), into: &contents, path: &path)
        default: break
        }
    }

    /// Slots and modules among the stored properties, superclasses' first.
    func forEachMember(_ body: (String, AnyObject) -> Void) {
        if let layout = FieldLayout.of(type(of: self)) {
            return layout.forEachMember(of: self, body) { visit($1, named: $0, body) }
        }
        var levels: [Mirror] = []
        var level: Mirror? = Mirror(reflecting: self)
        while let mirror = level, mirror.subjectType != Module.self {
            levels.append(mirror)
            level = mirror.superclassMirror
        }
        for mirror in levels.reversed() {
            for (label, value) in mirror.children {
                guard let label else { continue }
                visit(value, named: plainName(label), body)
            }
        }
    }
}

/// A stored property's name as it was declared: that of a property wrapper's storage begins with an underscore.
func plainName(_ stored: String) -> String { stored.first == "_" ? String(stored.dropFirst()) : stored }

private func join(_ prefix: String, _ name: String) -> String {
    if prefix.isEmpty { return name }
    return name.isEmpty ? prefix : prefix + "." + name
}

/// Looks into a property's value: containers lead to their elements, everything else but slots and modules is ignored.
private func visit(_ value: Any, named name: String, _ body: (String, AnyObject) -> Void) {
    switch MemberKind.of(type(of: value)) {
    case .member: body(name, value as AnyObject)
    case .ignored: return
    case .container, .unknown:
        if let slot = value as? Slot { return body(name, slot) }
        if let module = value as? Module { return body(name, module) }
        guard let container = value as? any Container else { return }
        container.forEachElement { key, element in
            visit(element, named: name + "." + key, body)
        }
    }
}

/// What the type of a property's value says of it. Asking a value costs many casts, so answers are remembered by type.
enum MemberKind {
    /// A slot or a module.
    case member
    /// Neither, and no container of them.
    case ignored
    /// An array or a dictionary.
    case container
    /// The value must be asked: an optional, an existential.
    case unknown

    private static let known = Mutex<[ObjectIdentifier: MemberKind]>([:])

    static func of(_ type: Any.Type) -> MemberKind {
        let id = ObjectIdentifier(type)
        if let kind = known.withLock({ $0[id] }) { return kind }
        let kind: MemberKind =
            if type is Slot.Type || type is Module.Type {
                .member
            } else if type is AnyObject.Type || (!(type is any AnyOptional.Type) && !canHoldMembers(type)) {
                .ignored
            } else if type is any Container.Type {
                .container
            } else {
                .unknown
            }
        known.withLock { $0[id] = kind }
        return kind
    }
}

private protocol AnyOptional {}
extension Optional: AnyOptional {}

/// A property's value that can hold modules. Asking for this by type keeps the walk out of large arrays of numbers.
private protocol Container {
    /// Calls `body` with the elements that may be slots, modules or containers.
    func forEachElement(_ body: (_ key: String, _ element: Any) -> Void)
}

/// Whether elements of a type may be slots, modules or containers of them. Numbers and strings may not, existentials may.
private func canHoldMembers(_ type: Any.Type) -> Bool {
    type is AnyObject.Type || type is any Container.Type || !(type is any Hashable.Type)
}

extension Array: Container {
    fileprivate func forEachElement(_ body: (String, Any) -> Void) {
        guard canHoldMembers(Element.self) else { return }
        for (index, element) in enumerated() { body(String(index), element) }
    }
}

extension Dictionary: Container {
    /// In the order of the keys: a dictionary's own changes from run to run.
    fileprivate func forEachElement(_ body: (String, Any) -> Void) {
        guard canHoldMembers(Value.self) else { return }
        for (key, element) in map({ ("\($0.key)", $0.value) }).sorted(by: { $0.0 < $1.0 }) { body(key, element) }
    }
}

/// `runningMean` → `running_mean`, `conv1` → `conv1`.
func snakeCased(_ name: String) -> String {
    guard name.utf8.contains(where: isCapital) else { return name }
    var result: [UInt8] = []
    for byte in name.utf8 {
        if isCapital(byte) {
            if let last = result.last, last != UInt8(ascii: "."), last != UInt8(ascii: "_") {
                result.append(UInt8(ascii: "_"))
            }
            result.append(byte + 32)
        } else {
            result.append(byte)
        }
    }
    return String(decoding: result, as: UTF8.self)
}

private func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
