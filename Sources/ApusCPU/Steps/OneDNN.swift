import ApusGraph
import COneDNN
import Synchronization

/// What all uses of oneDNN share: the engine, descriptions of memory, primitives made once and executed often.
enum OneDNN {
    // One engine and one stream serve all threads: on the processor they hold no state that executing changes.
    nonisolated(unsafe) static let engine: dnnl_engine_t = {
        var engine: dnnl_engine_t?
        check(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine")
        return engine!
    }()

    nonisolated(unsafe) static let stream: dnnl_stream_t = {
        var stream: dnnl_stream_t?
        check(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue), "stream")
        return stream!
    }()

    /// Whether matrix products and convolutions of bfloat16 run on the processor's own instructions.
    static let hasBFloat16: Bool = {
        let isa = dnnl_get_effective_cpu_isa()
        return isa == dnnl_cpu_isa_avx512_core_bf16 || isa == dnnl_cpu_isa_avx512_core_amx
    }()

    /// Whether 32-bit floats are computed 16 at a time, which layouts blocked by 16 are made for.
    static let hasWideVectors: Bool = {
        let isa = dnnl_get_effective_cpu_isa()
        return isa.rawValue & dnnl_cpu_isa_avx512_core.rawValue == dnnl_cpu_isa_avx512_core.rawValue
    }()

    static func check(_ status: dnnl_status_t, _ what: @autoclosure () -> String) {
        if status != dnnl_success { fatalError("oneDNN: \(what()) failed with status \(status.rawValue)") }
    }

    static func type(_ dtype: DType) -> dnnl_data_type_t {
        switch dtype {
        case .float32: dnnl_f32
        case .bfloat16: dnnl_bf16
        default: preconditionFailure("oneDNN has no kernels for \(dtype) here")
        }
    }

    /// A memory of these extents and strides.
    static func description(_ shape: [Int], strides: [Int], _ dtype: DType) -> dnnl_memory_desc_t {
        var result = dnnl_memory_desc_t()
        var (extents, steps) = (shape.map(Int64.init), strides.map(Int64.init))
        check(
            dnnl_memory_desc_init_by_strides(&result, Int32(shape.count), &extents, type(dtype), &steps),
            "memory \(shape) \(strides)")
        return result
    }

    /// A memory in a format by name, or `dnnl_format_tag_any` to let the primitive choose.
    static func description(_ shape: [Int], _ tag: dnnl_format_tag_t, _ dtype: DType) -> dnnl_memory_desc_t {
        var result = dnnl_memory_desc_t()
        var extents = shape.map(Int64.init)
        check(dnnl_memory_desc_init_by_tag(&result, Int32(shape.count), &extents, type(dtype), tag), "memory \(shape)")
        return result
    }
}

/// A primitive of oneDNN: made when a plan is made, executed at each run with scratch memory that the plan gives.
final class Primitive: @unchecked Sendable {
    // Unchecked: oneDNN's primitives don't change when they are executed with memory given by the caller.
    private let primitive: dnnl_primitive_t
    private let description: dnnl_primitive_desc_t
    let scratchBytes: Int
    private let idle = Mutex<[Memories]>([])

    /// - Parameter create: makes the primitive's description with the attributes given.
    convenience init(
        _ create: (dnnl_primitive_attr_t) -> (dnnl_status_t, dnnl_primitive_desc_t?), _ what: @autoclosure () -> String
    ) {
        let (status, description) = Self.describe(create)
        OneDNN.check(status, what())
        self.init(description!)
    }

    /// The primitive; nil where oneDNN has none but its reference implementation, slower by orders of magnitude.
    convenience init?(optimized create: (dnnl_primitive_attr_t) -> (dnnl_status_t, dnnl_primitive_desc_t?)) {
        let (status, description) = Self.describe(create)
        guard status == dnnl_success, let description else { return nil }
        guard !Self.implementation(description).hasPrefix("ref") else {
            dnnl_primitive_desc_destroy(description)
            return nil
        }
        self.init(description)
    }

    private init(_ description: dnnl_primitive_desc_t) {
        self.description = description
        var result: dnnl_primitive_t?
        OneDNN.check(dnnl_primitive_create(&result, description), Self.implementation(description))
        primitive = result!
        scratchBytes = dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0))
    }

    private static func describe(
        _ create: (dnnl_primitive_attr_t) -> (dnnl_status_t, dnnl_primitive_desc_t?)
    ) -> (dnnl_status_t, dnnl_primitive_desc_t?) {
        var attributes: dnnl_primitive_attr_t?
        OneDNN.check(dnnl_primitive_attr_create(&attributes), "attributes")
        defer { dnnl_primitive_attr_destroy(attributes) }
        OneDNN.check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), "scratchpad mode")
        return create(attributes!)
    }

    /// The description of the first implementation of an operation, without a hint, whose name is as wanted.
    static func description(
        of operation: UnsafeRawPointer, _ attributes: dnnl_primitive_attr_t, where isWanted: (String) -> Bool
    ) -> dnnl_primitive_desc_t? {
        var iterator: dnnl_primitive_desc_iterator_t?
        let status = dnnl_primitive_desc_iterator_create(&iterator, operation, attributes, OneDNN.engine, nil)
        guard status == dnnl_success else { return nil }
        defer { dnnl_primitive_desc_iterator_destroy(iterator) }
        repeat {
            guard let candidate = dnnl_primitive_desc_iterator_fetch(iterator) else { return nil }
            if isWanted(implementation(candidate)) { return candidate }
            dnnl_primitive_desc_destroy(candidate)
        } while dnnl_primitive_desc_iterator_next(iterator) == dnnl_success
        return nil
    }

    deinit {
        dnnl_primitive_destroy(primitive)
        dnnl_primitive_desc_destroy(description)
    }

    /// The memory that the primitive wants for an argument.
    func wanted(_ query: dnnl_query_t) -> dnnl_memory_desc_t {
        dnnl_primitive_desc_query_md(description, query, 0).pointee
    }

    /// For the hint of a gradient's description.
    var forwardHint: dnnl_primitive_desc_t { description }

    /// What oneDNN calls the code that runs.
    var implementation: String { Self.implementation(description) }

    private static func implementation(_ description: dnnl_primitive_desc_t) -> String {
        var name: UnsafePointer<CChar>?
        dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name)
        return name.map { String(cString: $0) } ?? "?"
    }

    /// Runs with `(argument, description, address)` for each memory: the same arguments and descriptions at every run.
    func execute(_ arguments: [(Int32, dnnl_memory_desc_t, UnsafeMutableRawPointer)], scratch: UnsafeMutableRawPointer?)
    {
        let memories = idle.withLock { $0.popLast() } ?? makeMemories(arguments, hasScratch: scratch != nil)
        for (index, (_, _, address)) in arguments.enumerated() { memories.setAddress(address, at: index) }
        if let scratch { memories.setAddress(scratch, at: arguments.count) }
        memories.arguments.withUnsafeBufferPointer {
            OneDNN.check(
                dnnl_primitive_execute(primitive, OneDNN.stream, Int32($0.count), $0.baseAddress), "execution")
        }
        idle.withLock { $0.append(memories) }
    }

    private func makeMemories(
        _ arguments: [(Int32, dnnl_memory_desc_t, UnsafeMutableRawPointer)], hasScratch: Bool
    ) -> Memories {
        var described = arguments.map { ($0.0, $0.1) }
        if hasScratch { described.append((DNNL_ARG_SCRATCHPAD, wanted(dnnl_query_scratchpad_md))) }
        return Memories(described)
    }
}

/// oneDNN's objects for the arguments of a primitive. They are kept from run to run, a set for each thread that runs at once, and
/// given new addresses.
private final class Memories: @unchecked Sendable {
    // Unchecked: a set belongs to one run at a time.
    let arguments: [dnnl_exec_arg_t]

    init(_ described: [(argument: Int32, description: dnnl_memory_desc_t)]) {
        arguments = described.map { argument, description in
            var description = description
            var memory: dnnl_memory_t?
            // No memory yet (DNNL_MEMORY_NONE).
            OneDNN.check(dnnl_memory_create(&memory, &description, OneDNN.engine, nil), "memory")
            return dnnl_exec_arg_t(arg: argument, memory: memory)
        }
    }

    deinit { for argument in arguments { dnnl_memory_destroy(argument.memory) } }

    func setAddress(_ address: UnsafeMutableRawPointer, at index: Int) {
        OneDNN.check(dnnl_memory_set_data_handle(arguments[index].memory, address), "address")
    }
}

extension Primitive {
    /// A copy between two layouts.
    static func reorder(_ from: dnnl_memory_desc_t, _ to: dnnl_memory_desc_t) -> Primitive {
        Primitive(
            { attributes in
                var (from, to) = (from, to)
                var result: dnnl_primitive_desc_t?
                let status = dnnl_reorder_primitive_desc_create(
                    &result, &from, OneDNN.engine, &to, OneDNN.engine, attributes)
                return (status, result)
            }, "reorder")
    }
}
