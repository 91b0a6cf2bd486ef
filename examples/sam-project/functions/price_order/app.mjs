const SHIPPING = 5;

export const handler = async (order) => {
  const total = order.items.reduce((sum, item) => sum + item.price * item.quantity, 0);
  return { ...order, total, shipping: SHIPPING, currency: process.env.CURRENCY };
};
