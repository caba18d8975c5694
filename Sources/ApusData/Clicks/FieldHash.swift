/// Puts a field's values, however many there are, into a fixed number of buckets: the hashing trick.
///
/// FNV-1a of 64 bits over the field's name, a zero byte and the value, finished with MurmurHash3's `fmix64`; the bucket is the high
/// half of `hash · buckets`. The name is the salt: one value has unrelated buckets in two fields. The function is part of a model's
/// format and never changes.
///
/// References: Weinberger et al., “Feature hashing for large scale multitask learning”, 2009; Fowler, Noll and Vo, FNV-1a;
/// Appleby, MurmurHash3.
public struct FieldHash: Hashable, Sendable {
    /// How many buckets there are.
    public let buckets: Int
    /// The hash of the name and the zero byte, from which every value goes on.
    private let salt: UInt64

    public init(field name: String, buckets: Int) {
        precondition(buckets > 0, "FieldHash: \(buckets) buckets")
        self.buckets = buckets
        salt = Self.fnv(Self.fnv(0xcbf2_9ce4_8422_2325, name.utf8), CollectionOfOne(0))
    }

    /// The bucket of a value's bytes, from 0.
    public func bucket(of value: some Sequence<UInt8>) -> Int {
        Int(Self.mixed(Self.fnv(salt, value)).multipliedFullWidth(by: UInt64(buckets)).high)
    }

    /// The bucket of a text's UTF-8.
    public func bucket(of value: String) -> Int { bucket(of: value.utf8) }

    private static func fnv(_ start: UInt64, _ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// MurmurHash3's `fmix64`: FNV-1a's high bits hardly depend on the last byte.
    private static func mixed(_ hash: UInt64) -> UInt64 {
        var k = hash
        k = (k ^ (k >> 33)) &* 0xff51_afd7_ed55_8ccd
        k = (k ^ (k >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return k ^ (k >> 33)
    }
}
