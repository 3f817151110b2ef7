import type { en } from './texts-en.ts';

/** The same sentences in simplified Chinese. */
export const zhCN = {
  'kind.as-expected': '符合预期',
  'kind.ethernet-where-ip-expected': '应为 IP 头处出现了以太网头',
  'kind.ip-where-ethernet-expected': '应为以太网头处出现了 IP 头',
  'kind.vlan-where-ip-expected': '应为 IP 头处出现了 VLAN 标签',
  'kind.shifted-ip-header': 'IP 头偏移',
  'kind.wrong-ip-version': 'IP 版本错误',
  'kind.other-protocol': '另一种协议',
  'kind.tun-packet-information': '报文前有 TUN 包信息（tun_pi）',
  'kind.virtio-net-header': '报文前有 virtio-net 头',
  'kind.corrupt-ip-header': 'IP 头损坏',
  'kind.truncated': '被截断：头部不完整',
  'kind.all-zero': '全为零字节',
  'kind.unrecognised': '无法识别',

  'title.shifted-ip-header': 'IP 头偏移了 {shift} 字节',
  'title.shifted-frame': '以太网头偏移了 {shift} 字节，其后的 IP 头随之偏移',
  'title.wrong-ip-version': '出现的是 IPv{version} 头，而预期是另一个 IP 版本',
  'title.other-protocol': '是另一种协议：{protocol}',
  'title.truncated-packet': '被截断：报文比 {field} 所说的短',
  'title.corrupt-ip-header': 'IP 头损坏：{field}',

  'evidence.kernel-reads-version':
    '按 IPv4 头读取，字节 0（{byte}）的版本为 {version}、ihl 为 {ihl}：内核的检查“ihl < 5 || version != 4”会将其丢弃（IP_INHDR，InHdrErrors）。',
  'evidence.kernel-passes-version':
    '字节 0（{byte}）恰好读作版本 4、ihl {ihl}，因此通过了内核的检查“ihl < 5 || version != 4”；只有校验和与总长度才能拦住它。',
  'evidence.kernel-reads-version6':
    '按 IPv6 头读取，字节 0（{byte}）的版本为 {version}：不是 6，内核将其丢弃（InHdrErrors）。',
  'evidence.ethernet-addresses': '字节 {from} 至 {to} 是两个 MAC 地址：目的 {destination}，源 {source}。',
  'evidence.ethertype': '字节 {from} 至 {to} 是 EtherType {type}（{name}）。',
  'evidence.vlan-tag': '字节 {from} 至 {to} 是 VLAN 标签：{tpid}，VLAN {vid}，优先级 {priority}。',
  'evidence.vlan-tci': '字节 {from} 至 {to} 是 VLAN 标签类型之后的内容：VLAN {vid}，优先级 {priority}。',
  'evidence.llc': '字节 {from} 至 {to} 是 LLC 头：DSAP {dsap}，SSAP {ssap}，控制字段 0x03。',
  'evidence.length-802-3': '字节 {from} 至 {to} 是 802.3 长度：{length}。',
  'evidence.ipv4-verified':
    '字节 {at} 处开始是一个 IPv4 头：{source} 到 {destination}，协议 {protocol}；其 {length} 字节的校验和 {checksum} 正确。',
  'evidence.ipv4-unverified': '字节 {at}（{byte}）开始看似 IPv4 头；其校验和未得到确认。',
  'evidence.ipv4-ihl-short':
    '字节 {at}（{byte}）是版本 4、ihl {ihl}：头部只有 {length} 字节，少于任何 IPv4 头都有的 20 字节。',
  'evidence.ipv4-cut': '字节 {at}（{byte}）开始是 IPv4 头；只捕获到其中 {captured} 字节。',
  'evidence.ipv4-checksum-absent':
    '字节 {at} 处 IPv4 头的校验和为 0，这在发送路径上 ip_send_check() 之前是正常的。',
  'evidence.ipv4-checksum-bad': 'IPv4 头校验和为 {found}；按 {length} 字节头部计算应为 {expected}。',
  'evidence.ipv4-length-exact': '其总长度 {total} 恰好等于从该处起报文剩余的长度。',
  'evidence.ipv4-length-fits': '其总长度 {total} 不超过报文剩余的 {left} 字节。',
  'evidence.ipv4-length-long': '其总长度为 {total}，但报文只剩 {left} 字节（InTruncatedPkts）。',
  'evidence.ipv4-length-short': '其总长度 {total} 小于 {length} 字节的头部。',
  'evidence.ipv4-options-cut': '头部长 {length} 字节，只捕获到 {captured} 字节。',
  'evidence.repair-first-byte': '若首字节为 {repaired}（版本 4，ihl {ihl}）而不是 {byte}，头部校验和即正确。',
  'evidence.repair-total-length': '若总长度为报文剩余长度 {left} 而不是 {total}，头部校验和即正确。',
  'evidence.repair-ttl': '若 ttl 为 {repaired} 而不是 {ttl}，头部校验和即正确：ttl 被减小而校验和未更新。',
  'evidence.ipv6-header':
    '字节 {at} 处开始是一个 IPv6 头：{source} 到 {destination}，下一个头 {protocol}，载荷 {payload} 字节。',
  'evidence.ipv6-cut': '字节 {at}（{byte}）开始是 IPv6 头；只捕获到其中 {captured} 字节。',
  'evidence.ipv6-length-exact': '其载荷长度 {payload} 恰好等于报文剩余的长度。',
  'evidence.ipv6-length-fits': '其载荷长度 {payload} 不超过报文剩余的长度。',
  'evidence.ipv6-length-zero':
    '其载荷长度为 0，但后面还有 {left} 字节：只有巨型报文（RFC 2675）和发送方向分段之前才会如此。',
  'evidence.ipv6-length-long': '其载荷长度为 {payload}，但头部之后只有 {left} 字节（InTruncatedPkts）。',
  'evidence.ipv6-multicast-source': '源地址 {source} 是多播地址，内核会丢弃。',
  'evidence.ipv6-version': '字节 0（{byte}）的版本为 {version}；其余部分都符合 IPv6 头。',
  'evidence.transport-checksum-good': '字节 {at} 处 IP 头之后的 {protocol} 校验和也正确。',
  'evidence.arp': '字节 {at} 处开始是一个 ARP 报文：操作 {operation}，以太网与 IPv4 地址。',
  'evidence.packet-information':
    '字节 {from} 至 {to} 是 struct tun_pi：flags {flags}，proto {proto}（{name}）。',
  'evidence.virtio':
    '字节 {from} 至 {to} 符合 struct virtio_net_hdr：flags {flags}，gso_type {gso}，hdr_len {header}。',
  'evidence.protocol-bytes': '字节 {from} 到 {to}（{bytes}）是一个完好的 {protocol} 头的开头。',
  'evidence.upper-plausible': '字节 {at} 处的头部读作 {protocol}；其校验和无法确认。',
  'evidence.upper-verified': '字节 {at} 处的头部读作 {protocol}，其校验和或长度已确认。',
  'evidence.zero-before': '它之前的 {count} 字节全为零。',
  'evidence.all-zero': '从预期位置起捕获的 {count} 字节全为零。',
  'evidence.packet-ends': '报文在预期位置之后 {length} 字节处结束；需要 {least} 字节。',
  'evidence.capture-ends': '从预期位置起只捕获到 {captured} 字节；需要 {least} 字节。',
  'evidence.capture-begins': '捕获的字节从预期位置之后 {bytes} 字节处才开始。',
  'evidence.spells-ethertype':
    '字节 12 和 13（{bytes}）恰好拼成一个 EtherType，但它们属于源地址：其后没有相应的头部。',
  'evidence.network-nibble': '字节 {at}（{byte}）与 EtherType {type} 不符。',
  'evidence.bytes': '从预期位置起的字节：{bytes}。',
  'evidence.also-reads-as': '同样的字节也可能是：{other}。仅凭字节无法判定。',
  'evidence.device-type': '设备 {device} 的类型为 {type}（{number}）。',
  'evidence.skb-protocol': 'skb->protocol 为 {protocol}（{name}）。',
  'evidence.mac-is-data': 'skb->mac_header 与 skb->data 是同一位置。',
  'evidence.no-reading': '这些字节的任何一种解读都与偶然无法区分。',

  'cause.l2-frame-to-tun':
    '设备 {device} 的类型为 {arphrd}：它承载裸 IP，却传入了一个以太网帧。常见于 tun 设备背后的程序写入以太网帧，或 BPF 程序未去掉 MAC 头就把帧重定向到这类设备。',
  'remedy.l2-frame-to-tun':
    '向 tun 设备写 IP 报文，或用 IFF_TAP 打开。在 generic XDP 中，bpf_redirect() 之前用 bpf_xdp_adjust_head(ctx, 14) 去掉 MAC 头；从 tc 调用的 bpf_redirect() 会自行去掉。',
  'cause.l2-frame-to-l3-device':
    '设备 {device} 的类型为 {arphrd}：它承载裸 IP，却传入了一个以太网帧。常见于 generic XDP 程序未去掉 MAC 头就用 bpf_redirect() 把帧重定向到隧道（或在隧道另一端），以及 AF_PACKET 套接字向它写入帧。',
  'remedy.l2-frame-to-l3-device':
    '重定向之前去掉 MAC 头：XDP 中用 bpf_xdp_adjust_head(ctx, 14)；或从 tc 重定向，那里 bpf_redirect() 会为承载裸 IP 的设备去掉它。',
  'cause.redirect-keeps-mac-header':
    '{since} 之前的内核（未移植该修复时）在 dev_is_mac_header_xmit() 中没有列出 {arphrd}：bpf_redirect() 到 {device} 时会保留 MAC 头。',
  'remedy.redirect-keeps-mac-header':
    '使用 {since} 及以上的内核（或含该修复的稳定版），或在程序中去掉 MAC 头。',
  'cause.two-ethernet-headers':
    '预期位置之前还有一个以太网头：该帧带有两个。常见于 BPF 程序用 bpf_skb_change_head() 给已有 MAC 头的帧再加一个，或隧道未用 ETH_P_TEB 就交付以太网。',
  'remedy.two-ethernet-headers':
    '只给没有 MAC 头的报文添加；隧道内的以太网应使用协议 ETH_P_TEB（gretap、vxlan）。',
  'cause.mac-header-not-pulled':
    'skb->mac_header 就在 skb->data 处：网络层拿到报文之前没有移除 MAC 头（缺少 eth_type_trans() 或 skb_pull(ETH_HLEN)）。',
  'remedy.mac-header-not-pulled':
    '把报文送入此路径的代码必须调用 eth_type_trans()；在 BPF 中，应重定向到 ARPHRD_ETHER 类型设备的 ingress。',
  'cause.frame-on-ethernet-device': '设备 {device} 是以太网设备，MAC 头应在此函数之前就被移除。',
  'remedy.frame-on-ethernet-device':
    '查找途中（tc、XDP、重定向）添加以太网头的 BPF 程序，以及未调用 eth_type_trans() 的驱动。',
  'cause.frame-of-unknown-origin': '整个以太网帧被交给了网络层；不知道设备类型就无法得知其来路。',
  'remedy.frame-of-unknown-origin':
    '请记录 skb->dev->type。若设备承载裸 IP，应在 bpf_redirect() 之前去掉 MAC 头，XDP 中用 bpf_xdp_adjust_head(ctx, 14)。',
  'cause.tag-not-removed':
    '网络层拿到报文时 VLAN 标签仍在数据中。只有 skb->protocol 为 ETH_P_8021Q 或 ETH_P_8021AD 时，内核才在 __netif_receive_skb_core() 中移除标签。',
  'remedy.tag-not-removed':
    '用 bpf_skb_vlan_pop() 移除标签，或用 bpf_skb_vlan_push() 写入标签，使 skb->protocol 随之更新。',
  'cause.pi-not-expected':
    '写入方在每个报文前放了 4 字节包信息，但设备以 IFF_NO_PI 打开（或读取方并不预期它们）。',
  'remedy.pi-not-expected': '打开设备时不加 IFF_NO_PI，或写入时不带这 4 字节。',
  'cause.vnet-header-not-expected':
    '写入方在每个报文前放了 virtio-net 头，但该设备不接受，或接受的长度不同。',
  'remedy.vnet-header-not-expected':
    '两端都设置 IFF_VNET_HDR，并用 TUNSETVNETHDRSZ 设为同样长度，或不带该头。',
  'cause.change-head-zeros':
    'IP 头之前有 {shift} 个零字节，正是 bpf_skb_change_head(skb, {shift}, 0) 留下的样子。',
  'remedy.change-head-zeros':
    '只在重定向到以太网设备之前调用 bpf_skb_change_head()，并用 bpf_skb_store_bytes() 写入 MAC 头。',
  'cause.header-pulled': 'skb->data 在 IP 头之后 {bytes} 字节处：移除的长度超过了前面头部的长度。',
  'remedy.header-pulled':
    '检查此路径上传给 bpf_xdp_adjust_head()、bpf_skb_adjust_room() 或 skb_pull() 的长度。',
  'cause.wrong-room': 'skb->data 与 IP 头之间隔着 {shift} 字节：前面的头部没有移除，或预留的空间没有填写。',
  'remedy.wrong-room':
    '检查此路径上传给 bpf_xdp_adjust_head()、bpf_skb_adjust_room() 或 bpf_skb_change_head() 的长度。',
  'cause.protocol-mismatch':
    'skb->protocol 为 {protocol}，因此报文被交给 IPv{expected} 的处理函数，但头部是 IPv{version}。',
  'remedy.protocol-mismatch':
    '协议要与头部一起设置：tc 中用 bpf_skb_change_proto()，tun 设备用 tun_pi 的 proto 字段，隧道用内层协议。',
  'cause.handed-to-wrong-handler': '报文被交给了另一种协议的处理函数。',
  'remedy.handed-to-wrong-handler': '查看 skb->protocol 以及设置它的程序或驱动；隧道可能写错了内层协议。',
  'cause.l3-packet-to-l2-device':
    '没有 MAC 头的报文被交给了预期以太网帧的代码。常见于 BPF 程序从承载裸 IP 的设备重定向到以太网设备。',
  'remedy.l3-packet-to-l2-device':
    '添加 MAC 头：bpf_skb_change_head(skb, 14, 0) 加 bpf_skb_store_bytes()，或使用 bpf_redirect_neigh()。',
  'cause.ttl-without-checksum': 'ttl 被减小而头部校验和未更新：有程序在自行转发报文。',
  'remedy.ttl-without-checksum':
    '用 bpf_l3_csum_replace() 更新校验和，或用 bpf_redirect_neigh() 让内核转发。',
  'cause.length-without-checksum':
    '总长度被改动或未恢复，而校验和未同步：按报文实际长度计算，头部校验和正确。',
  'remedy.length-without-checksum':
    '在 bpf_skb_adjust_room() 或 bpf_xdp_adjust_tail() 之后写入 tot_len，并用 bpf_l3_csum_replace() 更新校验和。',
  'cause.header-rewritten': '头部某个字段在校验和计算之后被改动：改写未更新校验和，或途中损坏。',
  'remedy.header-rewritten': '查找改写地址或其他字段的程序，并用 bpf_l3_csum_replace() 更新校验和。',
  'cause.header-damaged': '一个原本完好的头部有一个字段错误。',
  'remedy.header-damaged': '查找未检查前方头部就按固定偏移写入的程序。',
  'cause.packet-cut':
    '报文比其头部所说的短。常见于 bpf_skb_change_tail() 或 bpf_xdp_adjust_tail() 之后，以及只复制了线性部分时。',
  'remedy.packet-cut': '检查是谁缩短了报文，或只改长度未改头部。',
  'cause.window-too-short': '探针记录的字节不足；对报文本身不作判断。',
  'remedy.window-too-short': '从预期位置起记录更多字节。',
  'cause.in-fragments': 'skb->data 之后只有 {linear} 字节是线性的；其余 {fragments} 字节在分片中，未被读取。',
  'remedy.in-fragments': 'BPF 程序读到这么远之前必须调用 bpf_skb_pull_data()；内核则调用 pskb_may_pull()。',
  'cause.cleared-bytes':
    '清零的空间从未填写，bpf_skb_change_head()、bpf_skb_adjust_room() 和新缓冲区都会留下这样的字节。',
  'remedy.cleared-bytes': '查找预留了空间却没有写入头部的程序。',
} satisfies Record<keyof typeof en, string>;
