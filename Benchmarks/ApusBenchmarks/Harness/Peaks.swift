/// What the machine can do at best, measured in the same run.
package struct Peaks: Codable, Sendable {
    /// 10⁹ float32 operations a second in a loop of multiply–adds.
    let float32: Double
    /// The same in bfloat16, through a large matrix product.
    let bfloat16: Double
    /// 10⁹ bytes a second, read and written, of a large copy.
    let copy: Double
}
