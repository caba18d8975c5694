import ApusReference
import ApusTensor
import ApusTrain
import Testing

@Suite struct MetricTensorTests {
    // (3, 4): the largest of each row is at 2, 0, 3.
    let logits = Tensor([[0.1, 0.2, 0.9, 0.3], [2.0, 1.0, 0.5, 1.5], [0.0, 0.1, 0.2, 0.3]])

    @Test(arguments: [DType.int64, .int32, .uint8])
    func classification(labels dtype: DType) {
        let labels = Tensor([2, 3, 3]).cast(to: dtype)
        var accuracy = Accuracy(), top2 = TopKAccuracy(2), matrix = ConfusionMatrix(classCount: 4)
        Engine.withBackend(ReferenceBackend.shared) {
            accuracy.update(logits: logits, labels: labels)
            top2.update(logits: logits, labels: labels)
            matrix.update(logits: logits, labels: labels)
        }
        #expect(accuracy.value == 2.0 / 3)
        #expect(top2.value == 1)
        #expect(matrix[actual: 3, predicted: 0] == 1 && matrix.total == 3)
    }

    @Test func binaryScoresAndNumbers() {
        var auc = ROCAUC(), errors = RegressionErrors()
        Engine.withBackend(ReferenceBackend.shared) {
            auc.update(scores: Tensor([0.1, 0.4, 0.35, 0.8]), labels: Tensor([0, 0, 1, 1]))
            errors.update(predictions: Tensor([[1.0, 2.0]]), targets: Tensor([[0.0, 4.0]]))
        }
        #expect(auc.value == 0.75)
        #expect(errors.meanSquaredError == 2.5 && errors.meanAbsoluteError == 1.5)
    }
}
