"""What only the challenge can name: each mistake, what proves it and a hint, as in `mistakes`."""

from __future__ import annotations

FAMILY: dict[str, tuple[str, str]] = {
    "vgg16": (
        "這還是 VGG16：`{call}` 有 {convs} 個卷積層、{params:,} 個參數，"
        "各 block 的卷積數是 {blocks}。",
        "VGG19 的數字也是有權重的層數。和 VGG16 比，多出來的分在哪幾個 block？對一次論文表 1。",
    ),
    "config_ignored": (
        "`config` 沒有作用：六種設定拿到的都是同一個網路，設定 {network}。",
        "網路的樣子要從設定表裡 `config` 那一列讀出來，不要寫死。",
    ),
    "other_config": (
        "`{call}` 給的是設定 {network}：卷積層共 {params:,} 個參數，"
        "設定 {config} 應該有 {right:,} 個。",
        "把論文表 1 的這兩欄並排，一層一層比：差在哪一層？是有沒有那一層，還是卷積核的大小？",
    ),
    "lrn_place": (
        "設定 {config} 的 LRN 接錯了地方：它在 {after} 之後。",
        "對照論文表 1 的 A-LRN：LRN 在第幾個卷積之後、在池化之前還是之後？",
    ),
    "lrn_numbers": (
        "{layers}的數值和論文的 LRN 不同。",
        "直接用題目給的 `lrn`。自己寫的話，回頭看 Day017：k、n、α、β 各是多少？"
        "TensorFlow 的 `depth_radius` 和 n 是同一件事嗎？",
    ),
    "missing_lrn": (
        "設定 A-LRN 少了 {layers}。",
        "論文表 1 的 A-LRN 比 A 多的就是這一層。",
    ),
    "width_ignored": (
        "`width` 沒有作用：`{call}` 的 filters 依序是 {filters}。",
        "每個卷積層（和寬的全連接層）的寬度都要乘上 `width`，再取整數。",
    ),
    "width_head": (
        "`{call}` 的全連接層寬度是 {units}：`width` 只乘進了卷積層。",
        "除了最後的 `predictions`，每一層的寬度都要乘上 `width`。",
    ),
    "width_rounded": (
        "`{call}` 的 filters 依序是 {filters}：乘上 `width` 之後，小數沒有照題目取整數。",
        "`int` 是無條件捨去；題目要的是哪一種取法？",
    ),
}

CARRY_OVER: dict[str, tuple[str, str]] = {
    "nothing_copied": (
        "`{call}` 執行完，`deep` 的權重一個也沒有變。",
        "`layer.get_weights()` 拿到的是副本；要寫進另一層，用那一層的 `set_weights(...)`。",
    ),
    "unlike_shapes": (
        "{where}把權重交給形狀不同的層：{error}",
        "把兩邊的形狀印出來比：深度不同的兩個網路，第 n 個卷積層不一定是同一層；"
        "兩種層的權重形狀也不一定一樣。",
    ),
    "reversed": (
        "方向反了：執行完之後，`shallow` 的 {layers}變成了 `deep` 的權重。",
        "訓練好的是淺的網路，要被初始化的是深的網路：誰讀、誰寫？",
    ),
    "shallow_changed": (
        "`shallow` 的 {layers}被改掉了：它只是來源，權重應該維持原樣。",
        "只對 `deep` 的層呼叫 `set_weights`。",
    ),
    "not_copied": (
        "`deep` 的 {layers}還是自己原來的權重，沒有從 `shallow` 搬過來。",
        "論文 3.1 節：前幾個卷積層，還有哪幾個全連接層？數一數你搬了幾層。",
    ),
    "half_copied": (
        "`deep` 的 {layers}只搬了一半：卷積核（或權重矩陣）與偏差 (bias) 之中，有一個還是原來的。",
        "每一層有兩個陣列；`get_weights()` 把兩個一起給你。",
    ),
    "altered": (
        "`deep` 的 {layers}被改了，但不是 `shallow` 裡任何一層的權重。",
        "搬過去就好，不要乘上任何數，也不要重新抽亂數。",
    ),
    "too_many": (
        "搬太多了：`deep` 的 {layers}也變成 `shallow` 的權重。",
        "論文 3.1 節只搬「前四個」卷積層，中間其他層維持隨機的起點。有同名的層，不代表都要搬。",
    ),
    "wrong_list": (
        "傳回的是 {found}，和實際應該搬的 {count} 層不同。",
        "傳回一個 list，裡面是每一個被複製的層的名字（字串），照 `shallow` 裡的順序。",
    ),
}

CONVOLUTIONAL: dict[str, tuple[str, str]] = {
    "still_dense": (
        "{layers}還是 `Dense`：它的權重矩陣只接受一種長度的輸入，影像一變大就接不上。",
        "一個全連接層看的是整張特徵圖，什麼樣的卷積核也剛好看到整張特徵圖？",
    ),
    "pooled_after": (
        "後面多了 {layers}：題目要的是每個位置各一組機率，不是全部平均起來。",
        "論文 3.2 節最後才取平均；這一題停在取平均之前。",
    ),
    "fixed_input": (
        "新模型的輸入還是固定的 {found}。",
        "`keras.Input` 的高和寬可以寫 `None`，通道數則要和原來的模型一樣。",
    ),
    "missing_convolution": (
        "少了 {layers}：block 5 之後只有 {found} 個卷積層。",
        "原來有幾個全連接層，就要有幾個卷積層來代替。",
    ),
    "dense_kernel": (
        "{layers}的卷積核是 {value}；原來的模型在這裡看的是 {map}。",
        "第一個全連接層看的是整張最後的特徵圖，大小從模型讀（不一定是 7 × 7，也不一定是正方形）；"
        "之後的每一個只看一個位置。",
    ),
    "dense_padding": (
        "{layers}的填充 (padding) 是 {value!r}：在原來的尺寸上輸出變成 {shape}，不是一個位置。",
        "全連接層不會看到補上的 0：視窗只在特徵圖裡面滑動。",
    ),
    "dense_filters": (
        "{layers}的 filters 是 {value}，原來的全連接層不是這個寬度。",
        "每個輸出單元變成一個 filter，數目不變；從原來那一層讀 `units`。",
    ),
    "weights_left": (
        "{layers}沒有帶著原來的權重：給同一張影像，新模型算出來的是另一回事。",
        "新建的層是隨機的權重，也別忘了偏差 (bias)。卷積的部分可以直接共用原來的層。",
    ),
    "kernel_order": (
        "{layers}的權重都在，排列的順序卻不對。",
        "`Flatten` 依高、寬、通道的順序攤平；Keras 的卷積核是（高, 寬, 輸入通道, filters）。"
        "一個 `reshape` 就夠，不必 `transpose`。",
    ),
    "output_map": (
        "輸入 {image} 時，輸出的形狀是 {found}，應該是 {right}。",
        "視窗每次滑一格，一共有幾個位置？每個位置一組機率，類別排在最後一軸。",
    ),
    "stops": (
        "輸入 {image} 時，新模型停了下來：{error}",
        "新模型的每一層都要重新接在高和寬不限的輸入後面；舊的模型整個拿來用，還是只接受原來的尺寸。",
    ),
    "windows": (
        "輸入 {image} 時，輸出和逐窗計算的全連接層不同（最大相差 {worst:.3g}）。",
        "先比一層：新模型的 `block5_pool` 和原來一樣嗎？再比 `fc1`。softmax 要在哪一軸上做？",
    ),
}

BACKBONE: dict[str, tuple[str, str]] = {
    "features_count": (
        "`{call}` 要 {asked} 層，模型卻有 {found} 個輸出。",
        "`keras.Model(輸入, [輸出, 輸出, ...])`：一個名字一個輸出。",
    ),
    "features_order": (
        "`{call}` 的輸出都對，順序卻和 `names` 不同。",
        "照 `names` 的順序一個一個取 `get_layer(name).output`，不要照模型裡的順序。",
    ),
    "features_numbers": (
        "`{call}` 的 {layers}和原來的模型在這一層算出的不同（形狀 {shape}）。",
        "要的是那一層的「輸出」：經過活化函數、池化之前。也別重新建層，新建的層是隨機的權重。",
    ),
    "features_copied": (
        "`features` 的數值都對，但模型的權重是複製出來的，沒有和原來的模型共用。",
        "從 `model.input` 到 `get_layer(name).output` 直接包成 `keras.Model`，就會共用同樣的層。",
    ),
    "no_inception": (
        "{layers}裡沒有 Inception 區塊（名字結尾是 `_inception` 的那一層）。",
        "走到這個 block 的第一個卷積時，改接 `inception(x, block, width)`。",
    ),
    "extra_inception": (
        "Inception 區塊多了：{layers}。",
        "一個 block 只換成一個 Inception 區塊，而且只換題目說的兩個 block。",
    ),
    "convolutions_left": (
        "{layers}還在：Inception 區塊應該取代它們，不是接在旁邊或後面。",
        "這個 block 的卷積層一個也不留，只留池化層。",
    ),
    "layers_lost": (
        "{layers}不見了：除了換掉的卷積，其他層都要照抄。",
        "尤其是池化層：它的名字也以 block 開頭，但是不換。",
    ),
    "inception_width": (
        "{layers}的輸出有 {found} 個通道，應該有 {right} 個。",
        "把 `with_inception` 拿到的 `width` 傳給 `inception`，骨幹其他部分本來就是這個寬度。",
    ),
    "weights_lost": (
        "{layers}的權重和原來的模型不同：骨幹應該帶著它學到的東西。",
        "建了新的層，還要把舊的權重搬過去；題目給的 `copied` 兩件事一起做。",
    ),
    "inception_numbers": (
        "層都在，但是給定同樣的權重與影像，`{call}` 的輸出（{shape} 個數）和預期不同。",
        "看看每一層接的是誰：Inception 接在前一個池化之後，這個 block 的池化接在 Inception 之後。",
    ),
}

BUDGET: dict[str, tuple[str, str]] = {
    "over_params": (
        "參數 {found:,} 個，超過預算的 {most:,} 個；最多的一層是 {largest}，佔了 {share:.0%}。",
        "參數集中在哪種層？全連接層接在多大的特徵圖後面？先縮那裡，不必每層都縮。",
    ),
    "over_macs": (
        "MACs {found:,}，超過預算的 {most:,}；最多的一層是 {largest}，佔了 {share:.0%}。",
        "一層卷積的 MACs 和特徵圖的面積成正比：最貴的層在前面。哪裡可以窄一點，或早一點池化？",
    ),
    "not_vgg": (
        "{layers}不是 VGG 的做法。",
        "只用 3×3、步長 1、`same`、ReLU 的卷積和 2×2 最大池化；"
        "之後接全連接層，或先做 global average pooling。",
    ),
    "few_blocks": (
        "只有 {found} 個 block（卷積之後接池化）。",
        "VGG 的想法是疊起來：至少兩個 block，每個 block 至少一個 3×3 卷積。",
    ),
    "budget_output": (
        "輸出的形狀是 {found}，最後的活化函數是 {activation}：應該是 {classes} 類的機率。",
        "最後一層是 `Dense(classes, activation='softmax')`。",
    ),
}

CHALLENGE = FAMILY | CARRY_OVER | CONVOLUTIONAL | BACKBONE | BUDGET
