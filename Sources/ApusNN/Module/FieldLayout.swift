@_spi(Reflection) import Swift
import Synchronization

/// Where the instances of a class keep their slots and modules: found once for each class, read anew at each walk.
///
/// `Mirror` looks up every property's name and type anew, a few microseconds each. The layout is the part that can't change: the standard library's
/// `_forEachField`, which `Mirror` is built on, gives each stored property's place.
struct FieldLayout {
    private struct Field {
        let name: String
        let offset: Int
        /// nil for a slot or a module itself.
        let container: Any.Type?
    }
    private let fields: [Field]

    private static let known = Mutex<[ObjectIdentifier: FieldLayout?]>([:])
    /// `_EachFieldOptions.classType`, which is no constant.
    private static let ofClass = _EachFieldOptions(rawValue: 1)

    /// The layout of a class, or nil for one that only `Mirror` can read: a weak reference and a plain optional look alike here.
    static func of(_ type: Module.Type) -> FieldLayout? {
        let id = ObjectIdentifier(type)
        if let layout = known.withLock({ $0[id] }) { return layout }
        let layout = FieldLayout(type)
        known.withLock { $0[id] = .some(layout) }
        return layout
    }

    private init?(_ type: Module.Type) {
        var fields: [Field] = []
        let isReadable = _forEachField(of: type, options: Self.ofClass) { name, offset, type, _ in
            let isMember = type is Slot.Type || type is Module.Type
            if !isMember {
                switch MemberKind.of(type) {
                case .ignored: return true
                case .container: break
                case .member, .unknown: return false
                }
            }
            fields.append(
                Field(name: plainName(String(cString: name)), offset: offset, container: isMember ? nil : type))
            return true
        }
        guard isReadable else { return nil }
        self.fields = fields
    }

    /// Calls `body` with the slots and modules among the properties, and `container` with those that may hold some.
    func forEachMember(
        of module: Module, _ body: (_ name: String, _ member: AnyObject) -> Void,
        container visit: (_ name: String, _ value: Any) -> Void
    ) {
        withExtendedLifetime(module) {
            let base = UnsafeRawPointer(Unmanaged.passUnretained(module).toOpaque())
            for field in fields {
                let place = base + field.offset
                if let container = field.container {
                    visit(field.name, Self.read(container, at: place))
                } else {
                    let object = place.load(as: UnsafeRawPointer.self)
                    body(field.name, Unmanaged<AnyObject>.fromOpaque(object).takeUnretainedValue())
                }
            }
        }
    }

    private static func read<Value>(_ type: Value.Type, at place: UnsafeRawPointer) -> Any {
        place.assumingMemoryBound(to: type).pointee
    }
}
