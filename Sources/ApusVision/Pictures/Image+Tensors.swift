import ApusData
import ApusTensor

extension Image {
    /// The pictures in a batch of values from −1 to 1, as generators with tanh make them.
    ///
    /// - Parameter batch: (N, C, H, W)
    public static func pictures(fromSigned batch: Tensor) -> [Image] {
        precondition(batch.rank == 4, "Image: a batch of shape \(batch.shape); (N, C, H, W) is needed")
        let (channels, height, width) = (batch.shape[1], batch.shape[2], batch.shape[3])
        let size = channels * height * width
        let values: [Float] = ((batch + 1) / 2).elements()
        return stride(from: 0, to: values.count, by: max(1, size)).map { start in
            Image(
                FloatImage(
                    channels: channels, height: height, width: width, values: Array(values[start..<(start + size)])))
        }
    }
}
